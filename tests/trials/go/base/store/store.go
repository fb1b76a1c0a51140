// Package store keeps jobs in memory.
package store

import "time"

// Job is something to run.
type Job struct {
	ID      string
	Kind    string
	Expires time.Time
}
