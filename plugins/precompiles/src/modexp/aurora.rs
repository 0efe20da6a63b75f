//! Modular powers by aurora-engine-modexp.

/// See [`super::Power`].
pub(super) fn power(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    aurora_engine_modexp::modexp(base, exponent, modulus)
}
