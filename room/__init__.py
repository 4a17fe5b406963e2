"""A room: JupyterHub, and for each learner a JupyterLab and a private engine; `make workshop` starts it."""
