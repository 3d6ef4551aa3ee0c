//! Authorization, delegation tokens and inter-node logins.

use super::rows;

rows! {
    AUTHORIZER_CLASS_NAME: Text "authorizer.class.name" = "", Any, ReadOnly, NotYet(SECURITY),
        "Which authorizer checks requests. Klamm knows Kafka's standard one by name and loads no class.";
    SUPER_USERS: Text "super.users" = "", Any, ReadOnly, NotYet(SECURITY),
        "Principals that may do everything, separated by semicolons.";
    ALLOW_EVERYONE_IF_NO_ACL_FOUND: Bool "allow.everyone.if.no.acl.found" = "false",
        Any, ReadOnly, NotYet(SECURITY),
        "Whether a resource without any ACL is open to everybody.";
    PRINCIPAL_BUILDER_CLASS: Class "principal.builder.class" = "org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder",
        Any, PerBroker, NoEffect(JVM),
        "The class that turns a login into a principal.";
    SECURITY_PROVIDERS: Text "security.providers" = none, Any, ReadOnly, NoEffect(JVM),
        "Java security providers.";
    DELEGATION_TOKEN_SECRET_KEY: Password "delegation.token.secret.key" = none, Any, ReadOnly, NotYet(SECURITY),
        "Secret that signs delegation tokens; the same on all nodes. Unset: no tokens.";
    DELEGATION_TOKEN_MAX_LIFETIME_MS: Long "delegation.token.max.lifetime.ms" = "604800000",
        AtLeast(1), ReadOnly, NotYet(SECURITY),
        "A token can't be renewed beyond this age, in ms.";
    DELEGATION_TOKEN_EXPIRY_TIME_MS: Long "delegation.token.expiry.time.ms" = "86400000",
        AtLeast(1), ReadOnly, NotYet(SECURITY),
        "A token ends after this time (ms) unless renewed.";
    DELEGATION_TOKEN_EXPIRY_CHECK_INTERVAL_MS: Long "delegation.token.expiry.check.interval.ms" = "3600000",
        AtLeast(1), ReadOnly, NotYet(SECURITY),
        "How often expired tokens are removed, in ms.";
    SASL_MECHANISM_INTER_BROKER_PROTOCOL: Text "sasl.mechanism.inter.broker.protocol" = "GSSAPI",
        Any, PerBroker, NotYet(SECURITY),
        "SASL mechanism between brokers.";
    SASL_MECHANISM_CONTROLLER_PROTOCOL: Text "sasl.mechanism.controller.protocol" = "GSSAPI",
        Any, ReadOnly, NotYet(SECURITY),
        "SASL mechanism towards controllers.";
    SASL_ENABLED_MECHANISMS: List "sasl.enabled.mechanisms" = "GSSAPI", Any, PerBroker, NotYet(SECURITY),
        "SASL mechanisms that clients may use.";
    SASL_JAAS_CONFIG: Password "sasl.jaas.config" = none, Any, PerBroker, NotYet(SECURITY),
        "Login module and its options, in Java's JAAS form.";
    SASL_SERVER_MAX_RECEIVE_SIZE: Int "sasl.server.max.receive.size" = "524288", Any, ReadOnly, NotYet(SECURITY),
        "Largest SASL message in bytes before a login succeeded.";
    SASL_SERVER_CALLBACK_HANDLER_CLASS: Class "sasl.server.callback.handler.class" = none,
        Any, ReadOnly, NoEffect(JVM),
        "A class that checks logins.";
    SASL_CLIENT_CALLBACK_HANDLER_CLASS: Class "sasl.client.callback.handler.class" = none,
        Any, ReadOnly, NoEffect(JVM),
        "A class that supplies credentials.";
    SASL_LOGIN_CALLBACK_HANDLER_CLASS: Class "sasl.login.callback.handler.class" = none,
        Any, ReadOnly, NoEffect(JVM),
        "A class that supplies login data.";
    SASL_LOGIN_CLASS: Class "sasl.login.class" = none, Any, ReadOnly, NoEffect(JVM),
        "The class that logs in.";
    SASL_LOGIN_CONNECT_TIMEOUT_MS: Int "sasl.login.connect.timeout.ms" = none, Any, ReadOnly, NotYet(SECURITY),
        "Limit in ms for connecting to a token provider.";
    SASL_LOGIN_READ_TIMEOUT_MS: Int "sasl.login.read.timeout.ms" = none, Any, ReadOnly, NotYet(SECURITY),
        "Limit in ms for reading from a token provider.";
    SASL_LOGIN_RETRY_BACKOFF_MS: Long "sasl.login.retry.backoff.ms" = "100", Any, ReadOnly, NotYet(SECURITY),
        "First pause in ms before a token request is tried again.";
    SASL_LOGIN_RETRY_BACKOFF_MAX_MS: Long "sasl.login.retry.backoff.max.ms" = "10000",
        Any, ReadOnly, NotYet(SECURITY),
        "Longest such pause in ms.";
    SASL_LOGIN_REFRESH_WINDOW_FACTOR: Double "sasl.login.refresh.window.factor" = "0.8",
        Any, PerBroker, NotYet(SECURITY),
        "Share of a credential's life after which it is renewed.";
    SASL_LOGIN_REFRESH_WINDOW_JITTER: Double "sasl.login.refresh.window.jitter" = "0.05",
        Any, PerBroker, NotYet(SECURITY),
        "Random share that is added to that point.";
    SASL_LOGIN_REFRESH_MIN_PERIOD_SECONDS: Short "sasl.login.refresh.min.period.seconds" = "60",
        Any, PerBroker, NotYet(SECURITY),
        "Shortest time in seconds between renewals.";
    SASL_LOGIN_REFRESH_BUFFER_SECONDS: Short "sasl.login.refresh.buffer.seconds" = "300",
        Any, PerBroker, NotYet(SECURITY),
        "Time in seconds that a renewal keeps clear of the end.";
    SASL_KERBEROS_SERVICE_NAME: Text "sasl.kerberos.service.name" = none, Any, PerBroker, NoEffect(KERBEROS),
        "Kerberos service name of the brokers.";
    SASL_KERBEROS_KINIT_CMD: Text "sasl.kerberos.kinit.cmd" = "/usr/bin/kinit", Any, PerBroker, NoEffect(KERBEROS),
        "Path of `kinit`.";
    SASL_KERBEROS_MIN_TIME_BEFORE_RELOGIN: Long "sasl.kerberos.min.time.before.relogin" = "60000",
        Any, PerBroker, NoEffect(KERBEROS),
        "Shortest time in ms between logins.";
    SASL_KERBEROS_PRINCIPAL_TO_LOCAL_RULES: List "sasl.kerberos.principal.to.local.rules" = "DEFAULT",
        Any, PerBroker, NoEffect(KERBEROS),
        "Rules that map Kerberos principals to short names.";
    SASL_KERBEROS_TICKET_RENEW_JITTER: Double "sasl.kerberos.ticket.renew.jitter" = "0.05",
        Any, PerBroker, NoEffect(KERBEROS),
        "Random share added to the renewal time.";
    SASL_KERBEROS_TICKET_RENEW_WINDOW_FACTOR: Double "sasl.kerberos.ticket.renew.window.factor" = "0.8",
        Any, PerBroker, NoEffect(KERBEROS),
        "Share of a ticket's life after which it is renewed.";
    SASL_OAUTHBEARER_ASSERTION_ALGORITHM: Text "sasl.oauthbearer.assertion.algorithm" = "RS256",
        OneOfAnyCase(&["ES256", "RS256"]), ReadOnly, NotYet(SECURITY),
        "Signature of the client assertion: ES256 or RS256.";
    SASL_OAUTHBEARER_ASSERTION_CLAIM_AUD: Text "sasl.oauthbearer.assertion.claim.aud" = none,
        Any, ReadOnly, NotYet(SECURITY),
        "Audience in the client assertion.";
    SASL_OAUTHBEARER_ASSERTION_CLAIM_EXP_SECONDS: Int "sasl.oauthbearer.assertion.claim.exp.seconds" = "300",
        Between(0, 86_400), ReadOnly, NotYet(SECURITY),
        "Life of the client assertion in seconds.";
    SASL_OAUTHBEARER_ASSERTION_CLAIM_ISS: Text "sasl.oauthbearer.assertion.claim.iss" = none,
        Any, ReadOnly, NotYet(SECURITY),
        "Issuer in the client assertion.";
    SASL_OAUTHBEARER_ASSERTION_CLAIM_JTI_INCLUDE: Bool "sasl.oauthbearer.assertion.claim.jti.include" = "false",
        Any, ReadOnly, NotYet(SECURITY),
        "Whether the client assertion carries an id.";
    SASL_OAUTHBEARER_ASSERTION_CLAIM_NBF_SECONDS: Int "sasl.oauthbearer.assertion.claim.nbf.seconds" = "60",
        Between(0, 3_600), ReadOnly, NotYet(SECURITY),
        "Seconds before now from which the client assertion holds.";
    SASL_OAUTHBEARER_ASSERTION_CLAIM_SUB: Text "sasl.oauthbearer.assertion.claim.sub" = none,
        Any, ReadOnly, NotYet(SECURITY),
        "Subject in the client assertion.";
    SASL_OAUTHBEARER_ASSERTION_FILE: Text "sasl.oauthbearer.assertion.file" = none, Any, ReadOnly, NotYet(SECURITY),
        "File with a ready client assertion.";
    SASL_OAUTHBEARER_ASSERTION_PRIVATE_KEY_FILE: Text "sasl.oauthbearer.assertion.private.key.file" = none,
        Any, ReadOnly, NotYet(SECURITY),
        "File with the key that signs the client assertion.";
    SASL_OAUTHBEARER_ASSERTION_PRIVATE_KEY_PASSPHRASE: Password "sasl.oauthbearer.assertion.private.key.passphrase" = none,
        Any, ReadOnly, NotYet(SECURITY),
        "Passphrase of that key.";
    SASL_OAUTHBEARER_ASSERTION_TEMPLATE_FILE: Text "sasl.oauthbearer.assertion.template.file" = none,
        Any, ReadOnly, NotYet(SECURITY),
        "File with further claims of the client assertion.";
    SASL_OAUTHBEARER_CLIENT_CREDENTIALS_CLIENT_ID: Text "sasl.oauthbearer.client.credentials.client.id" = none,
        Any, ReadOnly, NotYet(SECURITY),
        "Client id at the token provider.";
    SASL_OAUTHBEARER_CLIENT_CREDENTIALS_CLIENT_SECRET: Password "sasl.oauthbearer.client.credentials.client.secret" = none,
        Any, ReadOnly, NotYet(SECURITY),
        "Client secret at the token provider.";
    SASL_OAUTHBEARER_CLOCK_SKEW_SECONDS: Int "sasl.oauthbearer.clock.skew.seconds" = "30",
        Any, ReadOnly, NotYet(SECURITY),
        "Seconds that clocks may differ when a token is checked.";
    SASL_OAUTHBEARER_EXPECTED_AUDIENCE: List "sasl.oauthbearer.expected.audience" = "",
        Any, ReadOnly, NotYet(SECURITY),
        "Audiences that a token must name.";
    SASL_OAUTHBEARER_EXPECTED_ISSUER: Text "sasl.oauthbearer.expected.issuer" = none,
        Any, ReadOnly, NotYet(SECURITY),
        "Issuer that a token must name.";
    SASL_OAUTHBEARER_JWKS_ENDPOINT_REFRESH_MS: Long "sasl.oauthbearer.jwks.endpoint.refresh.ms" = "3600000",
        Any, ReadOnly, NotYet(SECURITY),
        "How often signing keys are fetched, in ms.";
    SASL_OAUTHBEARER_JWKS_ENDPOINT_RETRY_BACKOFF_MS: Long "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms" = "100",
        Any, ReadOnly, NotYet(SECURITY),
        "First pause in ms after a failed fetch of keys.";
    SASL_OAUTHBEARER_JWKS_ENDPOINT_RETRY_BACKOFF_MAX_MS: Long "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms" = "10000",
        Any, ReadOnly, NotYet(SECURITY),
        "Longest such pause in ms.";
    SASL_OAUTHBEARER_JWKS_ENDPOINT_URL: Text "sasl.oauthbearer.jwks.endpoint.url" = none,
        Any, ReadOnly, NotYet(SECURITY),
        "Where signing keys are fetched from.";
    SASL_OAUTHBEARER_JWT_RETRIEVER_CLASS: Class "sasl.oauthbearer.jwt.retriever.class" = "org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever",
        Any, ReadOnly, NoEffect(JVM),
        "The class that obtains tokens.";
    SASL_OAUTHBEARER_JWT_VALIDATOR_CLASS: Class "sasl.oauthbearer.jwt.validator.class" = "org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator",
        Any, ReadOnly, NoEffect(JVM),
        "The class that checks tokens.";
    SASL_OAUTHBEARER_SCOPE: Text "sasl.oauthbearer.scope" = none, Any, ReadOnly, NotYet(SECURITY),
        "Scope that is asked for.";
    SASL_OAUTHBEARER_SCOPE_CLAIM_NAME: Text "sasl.oauthbearer.scope.claim.name" = "scope",
        Any, ReadOnly, NotYet(SECURITY),
        "Claim that holds the scope.";
    SASL_OAUTHBEARER_SUB_CLAIM_NAME: Text "sasl.oauthbearer.sub.claim.name" = "sub",
        Any, ReadOnly, NotYet(SECURITY),
        "Claim that holds the subject.";
    SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL: Text "sasl.oauthbearer.token.endpoint.url" = none,
        Any, ReadOnly, NotYet(SECURITY),
        "Where tokens are obtained.";
    SSL_PROTOCOL: Text "ssl.protocol" = "TLSv1.3", Any, PerBroker, NoEffect(TLS),
        "TLS version of an outgoing context.";
    SSL_PROVIDER: Text "ssl.provider" = none, Any, PerBroker, NoEffect(JVM),
        "Java security provider for TLS.";
    SSL_ENABLED_PROTOCOLS: List "ssl.enabled.protocols" = "TLSv1.2,TLSv1.3", Any, PerBroker, NotYet(SECURITY),
        "TLS versions that are offered.";
    SSL_CIPHER_SUITES: List "ssl.cipher.suites" = "", Any, PerBroker, NotYet(SECURITY),
        "Cipher suites that are offered; empty means the library's choice.";
    SSL_CLIENT_AUTH: Text "ssl.client.auth" = "none",
        OneOf(&["required", "requested", "none"]), PerBroker, NotYet(SECURITY),
        "Whether clients must (`required`), may (`requested`) or need not (`none`) show a certificate.";
    SSL_KEYSTORE_TYPE: Text "ssl.keystore.type" = "JKS", Any, PerBroker, NotYet(SECURITY),
        "Form of the key store: PEM, PKCS12 or JKS.";
    SSL_KEYSTORE_LOCATION: Text "ssl.keystore.location" = none, Any, PerBroker, NotYet(SECURITY),
        "File with the node's key and certificates.";
    SSL_KEYSTORE_PASSWORD: Password "ssl.keystore.password" = none, Any, PerBroker, NotYet(SECURITY),
        "Password of the key store.";
    SSL_KEYSTORE_KEY: Password "ssl.keystore.key" = none, Any, PerBroker, NotYet(SECURITY),
        "The node's private key as PEM text.";
    SSL_KEYSTORE_CERTIFICATE_CHAIN: Password "ssl.keystore.certificate.chain" = none,
        Any, PerBroker, NotYet(SECURITY),
        "The node's certificates as PEM text.";
    SSL_KEY_PASSWORD: Password "ssl.key.password" = none, Any, PerBroker, NotYet(SECURITY),
        "Password of the private key.";
    SSL_TRUSTSTORE_TYPE: Text "ssl.truststore.type" = "JKS", Any, PerBroker, NotYet(SECURITY),
        "Form of the trust store: PEM, PKCS12 or JKS.";
    SSL_TRUSTSTORE_LOCATION: Text "ssl.truststore.location" = none, Any, PerBroker, NotYet(SECURITY),
        "File with trusted certificates.";
    SSL_TRUSTSTORE_PASSWORD: Password "ssl.truststore.password" = none, Any, PerBroker, NotYet(SECURITY),
        "Password of the trust store.";
    SSL_TRUSTSTORE_CERTIFICATES: Password "ssl.truststore.certificates" = none, Any, PerBroker, NotYet(SECURITY),
        "Trusted certificates as PEM text.";
    SSL_KEYMANAGER_ALGORITHM: Text "ssl.keymanager.algorithm" = "SunX509", Any, PerBroker, NoEffect(JVM),
        "Java's name of the key manager.";
    SSL_TRUSTMANAGER_ALGORITHM: Text "ssl.trustmanager.algorithm" = "PKIX", Any, PerBroker, NoEffect(JVM),
        "Java's name of the trust manager.";
    SSL_SECURE_RANDOM_IMPLEMENTATION: Text "ssl.secure.random.implementation" = none, Any, PerBroker, NoEffect(JVM),
        "Java's name of the random generator.";
    SSL_ENGINE_FACTORY_CLASS: Class "ssl.engine.factory.class" = none, Any, PerBroker, NoEffect(JVM),
        "A class that makes TLS engines.";
    SSL_ENDPOINT_IDENTIFICATION_ALGORITHM: Text "ssl.endpoint.identification.algorithm" = "https",
        Any, PerBroker, NotYet(SECURITY),
        "`https` checks a server's name against its certificate; empty does not.";
    SSL_PRINCIPAL_MAPPING_RULES: Text "ssl.principal.mapping.rules" = "DEFAULT", Any, ReadOnly, NotYet(SECURITY),
        "Rules that turn a certificate's subject into a principal.";
    SSL_ALLOW_DN_CHANGES: Bool "ssl.allow.dn.changes" = "false", Any, ReadOnly, NotYet(SECURITY),
        "Whether a new certificate may have another subject.";
    SSL_ALLOW_SAN_CHANGES: Bool "ssl.allow.san.changes" = "false", Any, ReadOnly, NotYet(SECURITY),
        "Whether a new certificate may drop alternative names.";
}
