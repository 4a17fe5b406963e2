"""What is handed into a private engine; never imported by the grader itself."""
