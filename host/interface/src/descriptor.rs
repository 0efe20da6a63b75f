//! The plain descriptor that every plugin exports: who it is, before any of its code runs.
//!
//! It is a `static` of fixed layout without pointers, so the loader can compare it with the
//! manifest as soon as the library is mapped. The layout never changes; `size_bytes` lets a later
//! host tell a longer descriptor from this one.

/// Name of the exported symbol that holds the [`Descriptor`].
pub const DESCRIPTOR_SYMBOL: &str = "PROZ_PLUGIN_DESCRIPTOR";

/// First bytes of every descriptor.
pub const MAGIC: [u8; 8] = *b"PROZPLUG";

/// What a library provides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PluginKind(pub u32);

impl PluginKind {
    /// One virtual machine.
    pub const VM: Self = Self(1);
    /// A pack of precompiled contracts.
    pub const PRECOMPILES: Self = Self(2);

    /// The manifest's word for the kind, `None` for a number of a later generation.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::VM => Some("vm"),
            Self::PRECOMPILES => Some("precompiles"),
            _ => None,
        }
    }
}

/// NUL-padded UTF-8 text of at most `N` bytes.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text<const N: usize>(pub [u8; N]);

impl<const N: usize> Text<N> {
    /// Builds a text at compile time.
    ///
    /// # Panics
    ///
    /// At compile time, when `text` is longer than `N` bytes.
    #[must_use]
    pub const fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        assert!(bytes.len() <= N, "text does not fit its descriptor field");
        let mut out = [0; N];
        let mut i = 0;
        while i < bytes.len() {
            out[i] = bytes[i];
            i += 1;
        }
        Self(out)
    }

    /// The text up to the padding; `None` when it is not UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        let end = self.0.iter().position(|b| *b == 0).unwrap_or(N);
        std::str::from_utf8(&self.0[..end]).ok()
    }
}

impl<const N: usize> std::fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.as_str().unwrap_or("<not UTF-8>"))
    }
}

/// Identity of a plugin build, exported under [`DESCRIPTOR_SYMBOL`]. 552 bytes, alignment 4.
///
/// Owner: the library; valid as long as it is mapped. Readable from any thread.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    /// [`MAGIC`].
    pub magic: [u8; 8],
    /// Size of this structure, in bytes.
    pub size_bytes: u32,
    /// ABI generation that the plugin was built for.
    pub generation: u32,
    /// What the library provides, a [`PluginKind`].
    pub kind: u32,
    /// Zero in this layout.
    pub reserved: u32,
    /// Plugin id: the line of releases, such as `proz-evm`.
    pub id: Text<64>,
    /// Semantic version of this release.
    pub version: Text<48>,
    /// VM type served, or `precompile` for a pack.
    pub vm_type: Text<32>,
    /// Feature names, comma-separated, in the manifest's order.
    pub features: Text<256>,
    /// Version text of the compiler.
    pub compiler: Text<80>,
    /// Target triple.
    pub target: Text<48>,
}

impl Descriptor {
    /// Builds a descriptor of the current generation.
    #[must_use]
    pub const fn new(
        kind: PluginKind,
        id: &str,
        version: &str,
        vm_type: &str,
        features: &str,
        compiler: &str,
        target: &str,
    ) -> Self {
        Self {
            magic: MAGIC,
            size_bytes: size_of::<Self>() as u32,
            generation: crate::v1::GENERATION,
            kind: kind.0,
            reserved: 0,
            id: Text::new(id),
            version: Text::new(version),
            vm_type: Text::new(vm_type),
            features: Text::new(features),
            compiler: Text::new(compiler),
            target: Text::new(target),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_documented_layout() {
        assert_eq!(
            (size_of::<Descriptor>(), align_of::<Descriptor>()),
            (552, 4)
        );
        assert_eq!(std::mem::offset_of!(Descriptor, id), 24);
    }

    #[test]
    fn text_is_padded_and_read_back() {
        let text = Text::<8>::new("evm");
        assert_eq!(text.as_str(), Some("evm"));
        assert_eq!(Text::<3>::new("evm").as_str(), Some("evm"));
        assert_eq!(Text([0xff, 0, 0]).as_str(), None);
    }
}
