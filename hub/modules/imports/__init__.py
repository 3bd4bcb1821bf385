"""Files of other programs are taken in: clients and cars (CSV, XLSX, vCard, Google contacts).

Owns: uploaded files until they are done, which column means what (remembered by the head of the file), how
far a run is, what was wrong with which line. Rows go into crm by its api, each batch in one transaction with
the place it came to: a run that was killed goes on where it stopped, and a file read twice adds nothing.
Tables: imports_files (personal), imports_chunks (personal), imports_faults (personal),
imports_mappings (business).
Events in: none.
Events out: none of its own; crm tells of numbers that calls know already.
"""
