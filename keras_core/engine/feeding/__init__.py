"""What users pass as data, made into what the steps of a run are fed."""
