"""What is done later, through RQ: outbox, dispatcher, tasks, worker, embedded Redis."""
