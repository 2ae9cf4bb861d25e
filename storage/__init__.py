"""What is kept: reports and events in a database, evidence in blobs."""
