"""Backups on disk, in the format of Longhorn's backupstore: below a folder, and with no knowledge of the backend.

A volume's backups share its blocks, which are named by their content. Order everywhere: blocks, then the backup's
configuration, then that of the volume; when deleting, the other way round. So a block that no configuration names
was never part of a backup, or no longer is, and a backup whose configuration is there has all its blocks.
"""
