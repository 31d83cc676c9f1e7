//! The commands, one file each. The only place where the rooms are joined.
