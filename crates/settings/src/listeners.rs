//! Listeners: `NAME://host:port`, the protocol behind each name, and what clients are told.

use crate::broker;
use crate::settings::Settings;
use std::collections::BTreeMap;
use std::fmt;

/// What is spoken on a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// No encryption, no login.
    Plaintext,
    /// TLS.
    Ssl,
    /// A SASL login without encryption.
    SaslPlaintext,
    /// A SASL login inside TLS.
    SaslSsl,
}

/// A listener's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The listener's name in upper case.
    pub listener: String,
    /// What is spoken there.
    pub protocol: Protocol,
    /// Host name or address; empty means every interface.
    pub host: String,
    /// The port; 0 takes a free one.
    pub port: u16,
}

impl Settings {
    /// The listeners that clients reach, in the order of `listeners`: without those of controllers.
    ///
    /// # Errors
    /// An entry that can't be read, as a sentence. Loaded settings were checked and never fail.
    pub fn client_listeners(&self) -> Result<Vec<Endpoint>, String> {
        let controllers = self.controller_listener_names();
        let mut all = self.endpoints(&self.get(&broker::LISTENERS), "listeners")?;
        all.retain(|endpoint| !controllers.contains(&endpoint.listener));
        Ok(all)
    }

    /// The listeners that controllers reach; empty on a combined node that needs none.
    ///
    /// # Errors
    /// As for [`Settings::client_listeners`].
    pub fn controller_listeners(&self) -> Result<Vec<Endpoint>, String> {
        let controllers = self.controller_listener_names();
        let mut all = self.endpoints(&self.get(&broker::LISTENERS), "listeners")?;
        all.retain(|endpoint| controllers.contains(&endpoint.listener));
        Ok(all)
    }

    /// What clients are told for each client listener that is advertised. A host or port that is left open (empty,
    /// 0) is that of the listener; the caller fills in the real port.
    ///
    /// # Errors
    /// As for [`Settings::client_listeners`].
    pub fn advertised_listeners(&self) -> Result<Vec<Endpoint>, String> {
        let Some(advertised) = self.get(&broker::ADVERTISED_LISTENERS) else {
            return self.client_listeners();
        };
        let controllers = self.controller_listener_names();
        let mut all = self.endpoints(&advertised, "advertised.listeners")?;
        all.retain(|endpoint| !controllers.contains(&endpoint.listener));
        Ok(all)
    }

    /// The listener that other brokers use, in upper case.
    #[must_use]
    pub fn inter_broker_listener(&self) -> String {
        match self.get(&broker::INTER_BROKER_LISTENER_NAME) {
            Some(name) => name.to_uppercase(),
            None => self.get(&broker::SECURITY_INTER_BROKER_PROTOCOL),
        }
    }

    fn controller_listener_names(&self) -> Vec<String> {
        let names = self.get(&broker::CONTROLLER_LISTENER_NAMES).into_iter();
        names.map(|name| name.to_uppercase()).collect()
    }

    fn endpoints(&self, texts: &[String], setting: &str) -> Result<Vec<Endpoint>, String> {
        let protocols = self.protocols()?;
        let mut found: Vec<Endpoint> = Vec::new();
        for text in texts {
            let (name, host, port) = split_endpoint(text).ok_or_else(|| {
                format!("{setting}: '{text}' is not of the form NAME://host:port")
            })?;
            let listener = name.to_uppercase();
            let protocol = *protocols.get(&listener).ok_or_else(|| {
                format!("{setting}: listener.security.protocol.map has no entry for {listener}")
            })?;
            if found.iter().any(|other| other.listener == listener) {
                return Err(format!("{setting}: the name {listener} is there twice"));
            }
            found.push(Endpoint { listener, protocol, host, port });
        }
        Ok(found)
    }

    /// Listener name → protocol. If the map is left to its default, names of controllers mean PLAINTEXT.
    fn protocols(&self) -> Result<BTreeMap<String, Protocol>, String> {
        let key = &broker::LISTENER_SECURITY_PROTOCOL_MAP;
        let mut found = BTreeMap::new();
        for pair in self
            .get(key)
            .split(',')
            .map(str::trim)
            .filter(|pair| !pair.is_empty())
        {
            let (name, protocol) = pair.split_once(':').ok_or_else(|| {
                format!("{}: '{pair}' is not of the form NAME:PROTOCOL", key.name())
            })?;
            let protocol = Protocol::of(protocol.trim()).ok_or_else(|| {
                format!(
                    "{}: '{}' is not one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL",
                    key.name(),
                    protocol.trim()
                )
            })?;
            found.insert(name.trim().to_uppercase(), protocol);
        }
        if !self.is_set(key) {
            for name in self.controller_listener_names() {
                found.entry(name).or_insert(Protocol::Plaintext);
            }
        }
        Ok(found)
    }
}

/// The rules that listeners follow among each other.
pub(crate) fn check(settings: &Settings, reasons: &mut Vec<String>) {
    if let Err(reason) = check_first(settings) {
        reasons.push(reason);
    }
}

fn check_first(settings: &Settings) -> Result<(), String> {
    let clients = settings.client_listeners()?;
    let controllers = settings.controller_listeners()?;
    if clients.is_empty() {
        return Err(
            "listeners: no listener is left for clients beside those of controllers".to_owned(),
        );
    }
    let all: Vec<&Endpoint> = clients.iter().chain(&controllers).collect();
    for (i, endpoint) in all.iter().enumerate() {
        if endpoint.protocol != Protocol::Plaintext {
            return Err(format!(
                "listeners: {} speaks {}, but Klamm can't do TLS or SASL yet; use PLAINTEXT",
                endpoint.listener, endpoint.protocol
            ));
        }
        let same = |other: &&&Endpoint| other.port == endpoint.port && other.host == endpoint.host;
        if endpoint.port != 0 && all.iter().skip(i + 1).any(|other| same(&other)) {
            return Err(format!(
                "listeners: {}:{} is there twice",
                endpoint.host, endpoint.port
            ));
        }
    }
    for endpoint in settings.advertised_listeners()? {
        if !clients
            .iter()
            .any(|listener| listener.listener == endpoint.listener)
        {
            return Err(format!(
                "advertised.listeners: there is no listener {}",
                endpoint.listener
            ));
        }
        let told = settings.is_set(&broker::ADVERTISED_LISTENERS);
        if told && (endpoint.host == "0.0.0.0" || endpoint.host == "::") {
            return Err(format!(
                "advertised.listeners: clients can't connect to {}; name the host they shall use",
                endpoint.host
            ));
        }
    }
    if settings.get(&broker::INTER_BROKER_LISTENER_NAME).is_some()
        && settings.is_set(&broker::SECURITY_INTER_BROKER_PROTOCOL)
    {
        return Err(
            "inter.broker.listener.name: set either this or security.inter.broker.protocol"
                .to_owned(),
        );
    }
    let between = settings.inter_broker_listener();
    if !clients.iter().any(|listener| listener.listener == between) {
        return Err(format!(
            "inter.broker.listener.name: there is no listener {between}; name one of listeners"
        ));
    }
    Ok(())
}

/// Takes `NAME://host:port` apart; the host may be empty or an IPv6 address in brackets.
fn split_endpoint(text: &str) -> Option<(&str, String, u16)> {
    let (name, address) = text.trim().split_once("://")?;
    let (host, port) = split_address(address)?;
    (!name.is_empty()).then_some((name, host, port))
}

/// Takes `host:port` apart; the host may be empty or an IPv6 address in brackets.
pub(crate) fn split_address(address: &str) -> Option<(String, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    let port = port.parse().ok()?;
    let host = match host.strip_prefix('[') {
        Some(host) => host.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    let legal = |c: char| c.is_ascii_alphanumeric() || "-%._:".contains(c);
    host.chars().all(legal).then(|| (host.to_owned(), port))
}

impl Protocol {
    fn of(word: &str) -> Option<Self> {
        [
            Self::Plaintext,
            Self::Ssl,
            Self::SaslPlaintext,
            Self::SaslSsl,
        ]
        .into_iter()
        .find(|protocol| protocol.word() == word)
    }

    /// The word in `listener.security.protocol.map`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Plaintext => "PLAINTEXT",
            Self::Ssl => "SSL",
            Self::SaslPlaintext => "SASL_PLAINTEXT",
            Self::SaslSsl => "SASL_SSL",
        }
    }

    /// The protocol's number in metadata records.
    #[must_use]
    pub const fn code(self) -> i16 {
        match self {
            Self::Plaintext => 0,
            Self::Ssl => 1,
            Self::SaslPlaintext => 2,
            Self::SaslSsl => 3,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "{}://[{}]:{}", self.listener, self.host, self.port)
        } else {
            write!(f, "{}://{}:{}", self.listener, self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests;
