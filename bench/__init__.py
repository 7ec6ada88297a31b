"""What the service does in a second, measured against a bare framework on the same machine in the same run."""
