"""Models and drawing: the only folder that imports a model library."""
