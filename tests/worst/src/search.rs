//! A search for programs that are worse than those that are known.
