"""SM4-GCM for what must be read again, HMAC-SM3 for what must only be found, SM3 for chains.

A sealed value is `v<key version>:<base64 of nonce, ciphertext, tag>`; the caller binds it to its row by
additional data. Keys come from a provider, so that an HSM can take the place of the settings
(`PERSON_KEY_PROVIDER`, a dotted path).
"""

import base64
import os
from functools import lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.conf import settings
from django.utils.module_loading import import_string

_NONCE_BYTES = 12
_TAG_BYTES = 16


class CannotDecrypt(ValueError):
    """Unknown key, changed value, or a value that was sealed for another row."""


class KeyProvider(Protocol):
    def current_version(self) -> str: ...

    def key(self, version: str) -> bytes:
        """16 bytes. KeyError for an unknown version."""

    def blind_index_key(self) -> bytes: ...


class SettingsKeys:
    """Keys as hex in the settings PERSON_KEYS, PERSON_KEY_CURRENT and BLIND_INDEX_KEY."""

    def current_version(self) -> str:
        return settings.PERSON_KEY_CURRENT

    def key(self, version: str) -> bytes:
        return bytes.fromhex(settings.PERSON_KEYS[version])

    def blind_index_key(self) -> bytes:
        return bytes.fromhex(settings.BLIND_INDEX_KEY)


@lru_cache(maxsize=4)
def _provider(path: str) -> KeyProvider:
    return import_string(path)()


def key_provider() -> KeyProvider:
    return _provider(getattr(settings, "PERSON_KEY_PROVIDER", "common.crypto.SettingsKeys"))


def encrypt(text: str, aad: bytes) -> str:
    """Seals the text under the current key."""
    keys = key_provider()
    version = keys.current_version()
    nonce = os.urandom(_NONCE_BYTES)
    encryptor = Cipher(algorithms.SM4(keys.key(version)), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(aad)
    ciphertext = encryptor.update(text.encode()) + encryptor.finalize()
    return f"v{version}:{base64.b64encode(nonce + ciphertext + encryptor.tag).decode()}"


def decrypt(value: str, aad: bytes) -> str:
    """Opens what `encrypt` sealed with the same additional data. Raises CannotDecrypt."""
    version, _, payload = value.removeprefix("v").partition(":")
    try:
        sealed = base64.b64decode(payload, validate=True)
        key = key_provider().key(version)
    except (ValueError, KeyError):
        raise CannotDecrypt("the value is damaged or its key is unknown") from None
    nonce, ciphertext, tag = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:-_TAG_BYTES], sealed[-_TAG_BYTES:]
    if len(nonce) + len(tag) + len(ciphertext) != len(sealed) or len(tag) < _TAG_BYTES:
        raise CannotDecrypt("the value is damaged or its key is unknown")
    decryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(aad)
    try:
        return (decryptor.update(ciphertext) + decryptor.finalize()).decode()
    except InvalidTag:
        raise CannotDecrypt("the value was changed or belongs to another row") from None


def key_version(value: str) -> str:
    """Which key sealed the value: a rotation looks for those that are not the current one."""
    return value.removeprefix("v").partition(":")[0]


def blind_index(text: str, purpose: str) -> str:
    """64 hex digits by which an encrypted value is found. Different purposes give unrelated indexes."""
    mac = hmac.HMAC(key_provider().blind_index_key(), hashes.SM3())
    mac.update(purpose.encode() + b"\0" + text.encode())
    return mac.finalize().hex()


def sm3(data: bytes) -> str:
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize().hex()
