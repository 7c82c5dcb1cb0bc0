//! Lays out the program `swim` where it is built for size, which cargo's profile `dist` does.
//!
//! What a process runs counts as its memory by the 64 KiB around it (Linux maps so much at a
//! fault), and the functions that an agent runs are a fifth of the program, strewn over all of it.
//! `layout.ld` names them for the linker, which puts them side by side. `scripts/layout` writes it.
//! A name that there is no more does nothing, and a function that is missing in the list costs its
//! 64 KiB: the list need not be exact.
//!
//! Nowhere else is anything asked of the linker. `SWIM_LAYOUT=none` in the environment has nothing
//! asked there either, for linkers that know no such script (GNU's and LLVM's do).

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=layout.ld");
    println!("cargo::rerun-if-env-changed=SWIM_LAYOUT");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    if is("OPT_LEVEL", "z") && is("CARGO_CFG_TARGET_OS", "linux") && !is("SWIM_LAYOUT", "none") {
        let directory = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
        println!("cargo::rustc-link-arg-bin=swim=-Wl,-T,{directory}/layout.ld");
    }
}
