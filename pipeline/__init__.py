"""The engine of formtally: documents, references, checks and decisions; it knows no label of any form."""
