"""MongoDB: the only package that imports motor, pymongo, gridfs and bson."""
