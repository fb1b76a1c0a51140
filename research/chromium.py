"""The real browser for the screenshots and for the tests: Debian's Chromium, through selenium.

It is new each time: an empty profile, no extension, no update, no request of its own.
"""

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

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
PIXELS = """const [png, done] = arguments, image = new Image();
image.onload = () => {
    const {width, height} = image, canvas = new OffscreenCanvas(width, height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    const all = canvas.getImageData(0, 0, width, height).data, text = [];
    for (let i = 0; i < all.length; i += 4)
        text.push(String.fromCharCode(all[i], all[i + 1], all[i + 2]));
    done([height, width, btoa(text.join(""))]);
};
image.src = "data:image/png;base64," + png"""


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


def window(browser: "Chrome", width: int, height: int, *, scale: int = 1) -> None:
    """Give the page this many pixels; a picture has `scale` times as many each way."""
    command(
        browser,
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=height,
        deviceScaleFactor=scale,
        mobile=False,
    )


def media(browser: "Chrome", kind: str = "", scheme: str = "light") -> None:
    """Pretend to be a screen ("") or paper ("print"), with a light or a dark scheme."""
    features = [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]
    command(browser, "Emulation.setEmulatedMedia", media=kind, features=features)


def picture(browser: "Chrome") -> NDArray[np.uint8]:
    """Return what the window shows: rows, columns, and red, green, blue. Leaves the page."""
    png = command(browser, "Page.captureScreenshot", format="png")["data"]
    browser.get("about:blank")  # the page's policy may forbid pictures
    height, width, pixels = browser.execute_async_script(PIXELS, png)
    return np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(height, width, 3)


def command(browser: "Chrome", name: str, **arguments: Any) -> dict[str, Any]:
    """Send a command of the DevTools protocol."""
    answer: dict[str, Any] = browser.execute_cdp_cmd(name, arguments)
    return answer
