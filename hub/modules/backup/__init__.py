"""Backups by the clock and by hand, how they are on /system, and the end of a quarantine.

Owns: when a backup is due, the parts of /system about backups and quarantine. The machinery is the
kernel's (hub/kernel/backup).
Tables (made and read by the kernel): backup_canary, backup_runs, backup_tombstones, backup_quarantine.
Events in: none.
Events out: none.
"""
