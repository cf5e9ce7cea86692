"""Everything a person can do, one function each: faces parse, call one of these, and show what it gives."""
