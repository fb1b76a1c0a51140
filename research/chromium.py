"""The real browser for the screenshots and for the tests: Debian's Chromium, through selenium.

It is new each time: an empty profile, no extension, no update, no request of its own.
"""

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # it runs as root in a container, and opens our own pages only
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--disable-dev-shm-usage",
)


def missing() -> str:
    """Return what of the browser is missing; "" if nothing."""
    return ", ".join(str(path) for path in (CHROMIUM, DRIVER) if not path.exists())


def chromium(profile: Path) -> "Chrome":
    """Start it with the empty directory `profile`; quit it in the end."""
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return Chrome(options=options, service=Service(str(DRIVER)))


def window(browser: "Chrome", width: int, height: int) -> None:
    """Give the page this many pixels."""
    command(
        browser,
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=height,
        deviceScaleFactor=1,
        mobile=False,
    )


def media(browser: "Chrome", kind: str = "", scheme: str = "light") -> None:
    """Pretend to be a screen ("") or paper ("print"), with a light or a dark scheme."""
    features = [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]
    command(browser, "Emulation.setEmulatedMedia", media=kind, features=features)


def picture(browser: "Chrome") -> bytes:
    """Return what the window shows, as PNG."""
    return base64.b64decode(command(browser, "Page.captureScreenshot", format="png")["data"])


def command(browser: "Chrome", name: str, **arguments: Any) -> dict[str, Any]:
    """Send a command of the DevTools protocol."""
    answer: dict[str, Any] = browser.execute_cdp_cmd(name, arguments)
    return answer
