//! A type that nothing is scheduled for.

mod impostor;

impostor::impostor!("stranger", "nosuch", "1.0.0", "");
