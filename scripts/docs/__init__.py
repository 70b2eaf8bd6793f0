"""Parts of the generated documents."""
