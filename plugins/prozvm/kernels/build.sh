#!/bin/sh
# Builds the artefacts from c/kernels.c, the same bytes each time: Wasm for wasmtime and wasmi, PolkaVM's program, and
# ProzVM's, the latter two from RISC-V ELF files. Installs clang 19 and lld 19 where they are missing.
set -eu
cd "$(dirname "$0")"
command -v clang-19 >/dev/null && command -v ld.lld-19 >/dev/null || apt-get install -y clang-19 lld-19

elf=$(mktemp -d)
trap 'rm -r "$elf"' EXIT
freestanding="$(cat flags) -nostdlib -static -fuse-ld=lld"

# shellcheck disable=SC2086 # flags are words
{
    clang-19 --target=wasm32 $(cat flags) -nostdlib -Wl,--no-entry -Wl,--strip-debug \
        -o artefacts/kernels.wasm c/kernels.c
    clang-19 --target=riscv64 -march=rv64im_zba_zbb_zicond -mabi=lp64 -mno-relax -mno-strict-align $freestanding \
        -I../../../sdk/prozvm/c -Wl,--emit-relocs -Wl,--no-relax -Wl,--entry=0 -o "$elf/prozvm.elf" c/kernels.c
    clang-19 --target=riscv64 -march=rv64em_zbb_xtheadcondmov -mabi=lp64e -mno-strict-align $freestanding -DPOLKAVM -fPIE \
        -Wl,--emit-relocs -Wl,--no-relax -Wl,--unique -Wl,--entry=0 -o "$elf/polkavm.elf" c/kernels.c
}
cargo run --release --bin link -- "$elf" artefacts
