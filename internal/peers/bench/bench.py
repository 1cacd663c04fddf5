"""The contestants that are written in Python. Requests and answers are lines of JSON on standard input
and output, so that they take their turns between the others.

PyJWT is PyJWKClient and decode, as its documentation has them for keys at an address: once as it
comes, and once with cache_keys. Authlib is JsonWebToken with a key set, and claims that are essential.
Both are what resource servers with FastAPI and Flask are often built on. The claims are a dict.
"""

import hmac
import json
import sys
import timeit
from base64 import urlsafe_b64decode

import authlib
import cryptography
import jwt
from authlib.jose import JsonWebKey, JsonWebToken
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256


def octets(text):
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def bare(p):
    """The call of cryptography alone; for HS256 that of the standard library."""
    text, _, signature = p["token"].rpartition(".")
    message, signature = text.encode(), octets(signature)
    if p["alg"] == "HS256":
        secret = octets(p["jwks"]["keys"][0]["k"])
        return lambda token: hmac.compare_digest(hmac.digest(secret, message, "sha256"), signature)
    key = jwt.PyJWK(p["jwks"]["keys"][0]).key
    if p["alg"] == "RS256":
        padding, sha256 = PKCS1v15(), SHA256()
        return lambda token: key.verify(signature, message, padding, sha256)
    if p["alg"] == "ES256":
        ecdsa = ECDSA(SHA256())
        der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
        return lambda token: key.verify(der, message, ecdsa)
    return lambda token: key.verify(signature, message)


def pyjwt(p, **options):
    decode = jwt.PyJWT().decode
    rest = dict(algorithms=[p["alg"]], audience=p["aud"], issuer=p["iss"], leeway=p["leeway"], options={"require": ["exp"]})
    if p["alg"] == "HS256":
        if options:
            return None  # there is nothing to cache
        secret = octets(p["jwks"]["keys"][0]["k"])
        return lambda token: decode(token, secret, **rest)
    client = jwt.PyJWKClient(p["url"], **options)
    return lambda token: decode(token, client.get_signing_key_from_jwt(token).key, **rest)


def authlib_jose(p):
    keys = JsonWebKey.import_key_set(p["jwks"])
    decode = JsonWebToken([p["alg"]]).decode
    options = {
        "iss": {"essential": True, "value": p["iss"]},
        "aud": {"essential": True, "value": p["aud"]},
        "exp": {"essential": True},
    }

    def verify(token):
        claims = decode(token, keys, claims_options=options)
        claims.validate(leeway=p["leeway"])
        return claims

    return verify


# The first is what the others stand on.
CONTESTANTS = {
    "cryptography": (cryptography.__version__, bare),
    "PyJWT": (jwt.__version__, pyjwt),
    "PyJWT cache_keys": (jwt.__version__, lambda p: pyjwt(p, cache_keys=True)),
    "Authlib": (authlib.__version__, authlib_jose),
}

ready = {}


def setup(request):
    party = request["party"]
    name = request["name"]
    verify = CONTESTANTS[name][1](party)
    if verify is None:
        return {"unsupported": True}
    ready[name, party["alg"]] = verify
    return {}


def verify(request):
    try:
        claims = ready[request["name"], request["alg"]](request["token"])
    except Exception as error:  # every library has classes of its own
        return {"error": "%s: %s" % (type(error).__name__, error)}
    return {"claims": claims}


def turn(request):
    """Verifies one token for about as long as it is told."""
    call, token = ready[request["name"], request["alg"]], request["token"]
    timer = timeit.Timer(lambda: call(token))
    n = 1
    while True:
        seconds = timer.timeit(n)
        if seconds >= request["seconds"] / 2:
            return {"n": n, "ns": seconds * 1e9}
        n = max(n + 1, min(100 * n, int(n * request["seconds"] / max(seconds, 1e-7))))


def versions(request):
    return {"python": sys.version.split()[0], "versions": {name: version for name, (version, _) in CONTESTANTS.items()}}


for line in sys.stdin:
    request = json.loads(line)
    answer = {"setup": setup, "verify": verify, "turn": turn, "versions": versions}[request["do"]](request)
    print(json.dumps(answer), flush=True)
