"""Who is calling, proven by a signed token, and for whom they may act."""

from kioku_rt.auth.issuer import DevIssuer, keep_service_tokens_fresh, write_service_token
from kioku_rt.auth.principal import (
    Acting,
    Principal,
    acting_owner,
    current_principal,
    principal_scope,
    require_scope,
)
from kioku_rt.auth.service_token import ServiceToken
from kioku_rt.auth.verifier import AuthConfig, TokenVerifier

__all__ = [
    "Acting",
    "AuthConfig",
    "DevIssuer",
    "Principal",
    "ServiceToken",
    "TokenVerifier",
    "acting_owner",
    "current_principal",
    "keep_service_tokens_fresh",
    "principal_scope",
    "require_scope",
    "write_service_token",
]
