"""The front of the course's local ECR: AWS's API and registry v2 over one set of repositories."""
