"""The backend: its pool, its devices, its memory, and what it leaves when it is killed."""
