"""Recordings of a PBX on another box, fetched by SFTP."""
