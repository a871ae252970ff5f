#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens a page in Chromium at two widths, light and dark, and prints what is wrong with it, a line each.

    look.py CHROMIUM FILE

Looks at: messages of the console, requests, horizontal overflow, landmarks and headings, keyboard focus, the colour
scheme, paper, and what axe-core finds, with everything unfolded. AUDIT_SCREENSHOTS names a folder for pictures.
"""
import os
import pathlib
import sys

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

WIDTHS = {"phone": (390, 844), "desktop": (1440, 900)}
# More rows than a reader of tables reads at once: axe-core needs minutes for them, and they are all made alike.
MOST_ROWS = 40

STRUCTURE = """() => {
  const count = selector => document.querySelectorAll(selector).length;
  const root = document.documentElement;
  const brightness = colour => {
    const [red, green, blue] = colour.match(/[0-9.]+/g).map(Number);
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
  };
  const style = getComputedStyle(document.body);
  return {
    main: count('main'), header: count('body > header'), footer: count('body > footer'), h1: count('h1'),
    title: document.title, lang: root.lang, script: count('script'),
    overflow: root.scrollWidth - root.clientWidth,
    light: brightness(style.backgroundColor), ink: brightness(style.color),
    broken: [...document.querySelectorAll('a[href^="#"]')].map(a => a.getAttribute('href'))
      .filter(href => !document.getElementById(href.slice(1))),
    uses: [...document.querySelectorAll('use')].map(u => u.getAttribute('href'))
      .filter(href => !document.getElementById(href.slice(1))).length,
  };
}"""

UNFOLD = """most => {
  for (const details of document.querySelectorAll('details')) details.open = true;
  for (const body of document.querySelectorAll('tbody'))
    [...body.rows].slice(most).forEach(row => row.remove());
}"""


def look(browser, path, width, scheme):
    faults = []
    size = WIDTHS[width]
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, device_scale_factor=1)
    page = context.new_page()
    page.on("console", lambda message: faults.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    own = path.as_uri()
    page.on("request", lambda request: request.url in (own, "data:,") or faults.append(f"request: {request.url}"))
    page.goto(own, wait_until="load")
    found = page.evaluate(STRUCTURE)
    for landmark in ("main", "header", "footer", "h1"):
        if found[landmark] != 1:
            faults.append(f"structure: {found[landmark]} of {landmark}")
    if not found["title"] or not found["lang"]:
        faults.append("structure: no title or no language")
    if found["script"]:
        faults.append("structure: it has a script")
    if found["overflow"] > 0:
        faults.append(f"overflow: {found['overflow']} px wider than the window")
    if found["broken"] or found["uses"]:
        faults.append(f"links: to nothing: {found['broken']}, {found['uses']} signs")
    if (found["light"] > 0.5) != (scheme == "light"):
        faults.append(f"scheme: a ground of {found['light']:.2f} where {scheme} is asked for")
    page.keyboard.press("Tab")
    focus = page.evaluate("() => document.activeElement.getAttribute('href')")
    if focus != "#main":
        faults.append(f"focus: the first stop is {focus}")
    page.evaluate("() => document.activeElement.blur()")
    shoot(page, path, width, scheme)
    page.evaluate(UNFOLD, MOST_ROWS)
    overflow = page.evaluate(STRUCTURE)["overflow"]
    if overflow > 0:
        faults.append(f"overflow: {overflow} px unfolded")
    for violation in Axe().run(page).response["violations"]:
        where = violation["nodes"][0]
        faults.append(f"axe: {violation['id']}: {violation['help']}: {where['html'][:160]} ({len(violation['nodes'])})")
    context.close()
    return [f"{width}, {scheme}: {fault}" for fault in faults]


def paper(browser, path):
    page = browser.new_page()
    page.goto(path.as_uri())
    page.emulate_media(media="print", color_scheme="dark")
    found = page.evaluate(STRUCTURE)
    shown = page.evaluate("() => [...document.querySelectorAll('nav, .skip')].filter(e => e.checkVisibility()).length")
    pdf = page.pdf(format="A4", print_background=False, prefer_css_page_size=True)
    folder = os.environ.get("AUDIT_SCREENSHOTS")
    if folder:
        (pathlib.Path(folder) / f"{path.stem}.pdf").write_bytes(pdf)
    page.close()
    return (["paper: it is dark"] if found["light"] < 0.9 or found["ink"] > 0.3 else []) + (["paper: links of the screen are printed"] if shown else [])


def shoot(page, path, width, scheme):
    folder = os.environ.get("AUDIT_SCREENSHOTS")
    if folder:
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/{path.stem}-{width}-{scheme}.png", full_page=True)
        page.screenshot(path=f"{folder}/{path.stem}-{width}-{scheme}-top.png",
                        clip={"x": 0, "y": 0, "width": WIDTHS[width][0], "height": 1160}, full_page=True)
        (pathlib.Path(folder) / path.name).write_bytes(path.read_bytes())


def main(chromium, file):
    path = pathlib.Path(file).resolve()
    with sync_playwright() as playwright:
        # Root has no sandbox to put it in; the page is a file of our own.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        faults = [f for width in WIDTHS for scheme in ("light", "dark") for f in look(browser, path, width, scheme)]
        faults += paper(browser, path)
        browser.close()
    print("\n".join(fault.replace("\n", " ") for fault in faults))


main(*sys.argv[1:])
