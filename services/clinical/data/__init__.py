"""Reference data: folders with CSV files and a manifest, which a hospital can replace."""
