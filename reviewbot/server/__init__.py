"""The warm model on a Unix socket: server and client, with the digits of a direct run."""
