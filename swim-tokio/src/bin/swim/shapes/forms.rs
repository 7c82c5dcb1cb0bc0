//! Forms that fields of requests have, with their bounds: what the description tells programs and
//! what the agent holds requests against.

use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, Object, ObjectBuilder, Schema, Type,
};

/// Standard base64 with padding, of which each text has one.
pub(crate) const BASE64: &str =
    "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$";

fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// One of some words.
fn word(words: &[&str], description: &str) -> Schema {
    string().enum_values(Some(words.iter().copied())).description(Some(description)).build().into()
}

pub(crate) fn status() -> Schema {
    word(&["alive", "suspect", "dead", "left"], "What the node believes of the member.")
}

pub(super) fn transport() -> Schema {
    word(&["tcp", "udp"], "How packets travel; tables go by TCP always.")
}

pub(super) fn wire() -> Schema {
    word(&["native", "memberlist"], "Which wire the node speaks.")
}

pub(super) fn protection() -> Schema {
    word(&["none", "keyring", "tls"], "What protects the traffic between nodes.")
}

pub(super) fn purpose() -> Schema {
    let words = "What it is for: the traffic between nodes, the HTTP interface, or to issue the \
                 node's (authority).";
    word(&["node", "http", "authority"], words)
}

/// The names of events. A test of `words` says that they are all.
pub(super) fn event() -> Schema {
    const NAMES: &[&str] = &[
        "member-join",
        "member-update",
        "member-suspect",
        "member-refute",
        "member-restart",
        "member-failed",
        "member-leave",
        "member-reap",
        "conflict",
        "conflict-decided",
        "name-refused",
        "name-lost",
        "name-regained",
        "broadcast",
        "user",
        "query",
        "user-message",
        "user-state",
        "health-changed",
        "returned",
        "isolated",
        "reconnected",
        "seed-joined",
        "seed-failed",
        "seed-unresolved",
        "pinged",
        "leave-complete",
        "lagged",
    ];
    word(NAMES, "Its name.")
}

/// A name of a member or a tag.
fn name(least: usize) -> ObjectBuilder {
    string().min_length((least > 0).then_some(least)).max_length(Some(255))
}

fn array(items: ObjectBuilder, least: usize, most: usize, description: &str) -> Schema {
    let array = ArrayBuilder::new().items(items).max_items(Some(most));
    let array = array.min_items((least > 0).then_some(least));
    array.description(Some(description)).build().into()
}

/// Names with texts, at most so many.
fn texts(most: usize, description: &str) -> Schema {
    let texts = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property_names(Some(name(1)))
        .additional_properties(Some(AdditionalProperties::RefOr(
            Schema::from(string().max_length(Some(4_096)).build()).into(),
        )))
        .description(Some(description));
    let mut texts: Object = texts.build();
    texts.max_properties = Some(most);
    texts.into()
}

pub(super) fn text() -> Schema {
    let text = string().max_length(Some(49_152));
    text.description(Some("A text. The agent's settings may allow fewer bytes.")).build().into()
}

pub(super) fn base64() -> Schema {
    let bytes = string().max_length(Some(65_000)).pattern(Some(BASE64));
    bytes.description(Some("Bytes, as base64, in place of a text.")).build().into()
}

pub(super) fn key() -> Schema {
    let key = string().min_length(Some(16)).max_length(Some(64)).pattern(Some(BASE64));
    key.description(Some("32 bytes in base64.")).build().into()
}

pub(super) fn seeds() -> Schema {
    let seed = string().min_length(Some(1)).max_length(Some(4_096));
    array(seed, 1, 64, "Addresses, or host names, with ports; srv+NAME; file:PATH.")
}

pub(super) fn tags_to_set() -> Schema {
    texts(256, "Tags: names with texts.")
}

pub(super) fn tags_to_delete() -> Schema {
    array(name(0), 0, 256, "Names of tags that are to go.")
}

pub(super) fn tag_filters() -> Schema {
    texts(64, "Only members whose tags match these regular expressions.")
}

pub(super) fn node_names() -> Schema {
    array(name(0), 0, 1_024, "Only these members; everyone if there are none.")
}

pub(super) fn timeout() -> Schema {
    let seconds = ObjectBuilder::new()
        .schema_type(Type::Number)
        .exclusive_minimum(Some(0))
        .maximum(Some(super::LONGEST_QUERY.as_secs()))
        .extensions(Some(ExtensionsBuilder::new().add("x-unit", "s").build()));
    let words = "For how many seconds answers are gathered; by default as long as the cluster's size \
                 asks for.";
    seconds.description(Some(words)).build().into()
}
