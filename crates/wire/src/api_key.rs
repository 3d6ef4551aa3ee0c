//! The APIs and what is known of each.

use std::fmt;

/// Where an API is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// A broker's listeners, for clients and other brokers.
    Broker,
    /// A controller's listeners.
    Controller,
}

macro_rules! api_keys {
    ($($name:ident = $key:literal, $module:ident, $request:ident, $response:ident,
       $min:literal..=$max:literal, $flexible:expr, $stability:ident, [$($listener:ident)*];)*) => {
        /// An API that Kafka 4.3 knows. Keys 4 to 7 are retired.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(i16)]
        pub enum ApiKey {
            $(
                #[doc = concat!(stringify!($name), ", versions ", $min, " to ", $max, ".")]
                $name = $key,
            )*
        }

        impl ApiKey {
            /// All APIs in the order of their keys.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The API of a key.
            #[must_use]
            pub const fn from_i16(key: i16) -> Option<Self> {
                match key {
                    $($key => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// The API's name as Kafka writes it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// The lowest and the highest version.
            #[must_use]
            pub const fn versions(self) -> (i16, i16) {
                match self {
                    $(Self::$name => ($min, $max),)*
                }
            }

            /// The first version with compact lengths and tagged fields; `i16::MAX` if none has them.
            #[must_use]
            pub const fn flexible_from(self) -> i16 {
                match self {
                    $(Self::$name => $flexible,)*
                }
            }

            /// Whether the highest version may still change, so that Kafka does not offer it.
            #[must_use]
            pub const fn is_highest_unstable(self) -> bool {
                match self {
                    $(Self::$name => matches!(stringify!($stability).as_bytes(), b"unstable"),)*
                }
            }

            const fn listeners(self) -> &'static [Listener] {
                match self {
                    $(Self::$name => &[$(listener!($listener)),*],)*
                }
            }
        }
    };
}

macro_rules! listener {
    (broker) => {
        Listener::Broker
    };
    (controller) => {
        Listener::Controller
    };
}

crate::every_api!(api_keys);

impl ApiKey {
    /// The key on the wire.
    #[must_use]
    pub const fn key(self) -> i16 {
        self as i16
    }

    /// The lowest version.
    #[must_use]
    pub const fn min_version(self) -> i16 {
        self.versions().0
    }

    /// The highest version, stable or not.
    #[must_use]
    pub const fn max_version(self) -> i16 {
        self.versions().1
    }

    /// The highest version that won't change any more.
    #[must_use]
    pub const fn max_stable_version(self) -> i16 {
        self.max_version() - self.is_highest_unstable() as i16
    }

    /// Whether a version is one of ours.
    #[must_use]
    pub const fn has_version(self, version: i16) -> bool {
        let (min, max) = self.versions();
        min <= version && version <= max
    }

    /// Whether a version has compact lengths and tagged fields.
    #[must_use]
    pub const fn is_flexible(self, version: i16) -> bool {
        version >= self.flexible_from()
    }

    /// Whether Kafka serves the API on such a listener.
    #[must_use]
    pub fn is_served_on(self, listener: Listener) -> bool {
        self.listeners().contains(&listener)
    }
}

/// The form of the header before a request: 2 if the version is flexible, else 1.
#[must_use]
pub const fn request_header_version(key: ApiKey, version: i16) -> i16 {
    if key.is_flexible(version) { 2 } else { 1 }
}

/// The form of the header before a response: 1 if the version is flexible, else 0.
///
/// An ApiVersions answer always has form 0, since its reader does not know yet what we speak (KIP-511).
#[must_use]
pub const fn response_header_version(key: ApiKey, version: i16) -> i16 {
    if key.is_flexible(version) && !matches!(key, ApiKey::ApiVersions) {
        1
    } else {
        0
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_leads_back_to_its_api() {
        assert_eq!(ApiKey::ALL.len(), 89);
        for key in i16::MIN..=i16::MAX {
            let live = (0..=92).contains(&key) && !(4..=7).contains(&key);
            let api = ApiKey::from_i16(key);
            assert_eq!(api.is_some(), live, "{key}");
            assert_eq!(api.map_or(key, ApiKey::key), key);
        }
    }

    #[test]
    fn facts_are_those_of_the_schema_files() {
        assert_eq!(ApiKey::Produce.versions(), (3, 13));
        assert_eq!(ApiKey::Fetch.flexible_from(), 12);
        assert_eq!(ApiKey::SaslHandshake.flexible_from(), i16::MAX);
        assert_eq!(ApiKey::InitProducerId.max_stable_version(), 5);
        assert_eq!(ApiKey::InitProducerId.max_version(), 6);
        assert!(ApiKey::Fetch.is_served_on(Listener::Controller));
        assert!(!ApiKey::Produce.is_served_on(Listener::Controller));
        assert!(!ApiKey::Vote.is_served_on(Listener::Broker));
        assert_eq!(ApiKey::ListOffsets.to_string(), "ListOffsets");
    }

    #[test]
    fn header_forms_follow_flexibility_but_for_api_versions() {
        assert_eq!(request_header_version(ApiKey::Produce, 8), 1);
        assert_eq!(request_header_version(ApiKey::Produce, 9), 2);
        assert_eq!(response_header_version(ApiKey::Produce, 8), 0);
        assert_eq!(response_header_version(ApiKey::Produce, 9), 1);
        assert_eq!(request_header_version(ApiKey::ApiVersions, 3), 2);
        assert_eq!(response_header_version(ApiKey::ApiVersions, 3), 0);
    }
}
