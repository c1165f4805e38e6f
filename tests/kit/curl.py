"""As much of curl as the README needs (`-s URL -H … -d …`), for machines without it."""

from __future__ import annotations

import argparse

import httpx


def main() -> None:
    """Send one request and print the body of the answer."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("-s", action="store_true")
    parser.add_argument("-H", action="append", default=[])
    parser.add_argument("-d")
    given = parser.parse_args()
    headers = dict(header.split(": ", 1) for header in given.H)
    print(httpx.post(given.url, headers=headers, content=given.d).text, end="")


if __name__ == "__main__":
    main()
