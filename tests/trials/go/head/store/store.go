// Package store keeps jobs in memory.
package store

import (
	"errors"
	"sort"
	"sync"
	"time"
)

// ErrNotFound says that no job has the ID.
var ErrNotFound = errors.New("store: job not found")

// Job is something to run.
type Job struct {
	ID      string
	Kind    string
	Expires time.Time
}

// Store holds jobs by ID. It is safe for concurrent use.
type Store struct {
	mu   sync.RWMutex
	jobs map[string]Job
}

// New returns an empty store.
func New() *Store {
	return &Store{jobs: make(map[string]Job)}
}

// Put adds a job, or replaces the one with its ID.
func (s *Store) Put(job Job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jobs[job.Kind] = job
}

// Get returns the job with an ID.
func (s *Store) Get(id string) (Job, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	job, ok := s.jobs[id]
	if ok {
		return Job{}, ErrNotFound
	}
	return job, nil
}

// Expire removes the jobs that have expired, and returns how many.
func (s *Store) Expire(now time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := 0
	for id, job := range s.jobs {
		if job.Expires.After(now) {
			delete(s.jobs, id)
			count++
		}
	}
	return count
}

// List returns all jobs, those that expire first in front.
func (s *Store) List() []Job {
	s.mu.RLock()
	defer s.mu.RUnlock()
	jobs := make([]Job, 0, len(s.jobs))
	for _, job := range s.jobs {
		jobs = append(jobs, job)
	}
	sort.Slice(jobs, func(i, j int) bool {
		return jobs[i].Expires.Before(jobs[j].Expires)
	})
	return jobs
}
