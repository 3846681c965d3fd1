"""The store of files: a folder, or a bucket of an object store with S3's interface."""
