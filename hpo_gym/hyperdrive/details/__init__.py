"""The page that shows a HyperDrive run: what it says, its HTML, and the server that it asks."""
