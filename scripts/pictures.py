"""Makes the README's pictures from the running product: `make pictures`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
PORT = 8190
SITE = "f0a1c9d2-5b6e-4c0f-9a3d-7e1b2c3d4e5f"


def main() -> None:
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser_path:
        sys.exit("Chromium is missing: sudo apt-get install -y chromium")
    with tempfile.TemporaryDirectory(prefix="fairgate-pictures-") as data:
        environment = {**os.environ, "FAIRGATE_DEMO": "1", "FAIRGATE_DATA": data, "FAIRGATE_PICTURES": "0"}
        command = [sys.executable, "manage.py", "demo", "--port", str(PORT)]
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout
            said = ""
            while "Fairgate serves" not in said:
                said += server.stdout.readline()
            login = re.search(r"Login\s+(\S+) / (\S+)", said)
            assert login
            take(browser_path, login[1], login[2])
        finally:
            server.terminate()
            server.wait()


def take(browser_path: str, email: str, password: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = driver.chromium.launch(executable_path=browser_path, args=arguments)
        page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme="light", locale="en-GB")
        page.goto(f"http://127.0.0.1:{PORT}/demo/")
        page.wait_for_selector("#onetrust-banner-sdk")
        page.wait_for_timeout(500)
        page.screenshot(path=PICTURES / "banner.png")
        page.goto(f"http://localhost:{PORT}/dashboard/")
        page.fill("input[name=login]", email)
        page.fill("input[name=password]", password)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"^[^?]*/dashboard/[^?]*$"))
        page.wait_for_load_state()
        page.goto(f"http://localhost:{PORT}/dashboard/{SITE}/")
        page.wait_for_timeout(500)
        page.screenshot(path=PICTURES / "dashboard.png")
        browser.close()


if __name__ == "__main__":
    main()
