// Drives Firefox for the tests of internal/e2e, over WebDriver BiDi. It reads commands from standard input, one
// JSON object a line, and answers each with one: {"value": ...} or {"error": "..."}. It ends with its input.
import { createInterface } from "node:readline";
import puppeteer from "puppeteer-core";

const { executable, dark } = JSON.parse(process.argv[2]);
const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: executable,
  headless: true,
  extraPrefsFirefox: {
    "layout.css.prefers-color-scheme.content-override": dark ? 0 : 1,
    "ui.prefersReducedMotion": 1,
    "app.update.enabled": false,
    "datareporting.policy.dataSubmissionEnabled": false,
  },
});
const page = await browser.newPage();
const requests = [];
const faults = [];
page.on("request", (request) => requests.push(request.url()));
page.on("pageerror", (error) => faults.push(String(error)));
page.on("console", (message) => faults.push(message.text()));

const commands = {
  open: (url) => page.goto(url).then(() => null),
  reload: () => page.reload().then(() => null),
  run: (script) => page.evaluate(script),
  size: ([width, height]) => page.setViewport({ width, height }).then(() => null),
  press: async (keys) => {
    for (const key of keys) {
      const held = key.split("+").slice(0, -1);
      for (const k of held) await page.keyboard.down(k);
      await page.keyboard.press(key.split("+").at(-1));
      for (const k of held.reverse()) await page.keyboard.up(k);
    }
    return null;
  },
  type: (text) => page.keyboard.type(text).then(() => null),
  picture: ({ path, whole }) => page.screenshot({ path, fullPage: whole }).then(() => null),
  requests: () => requests,
  faults: () => faults,
};

for await (const line of createInterface({ input: process.stdin })) {
  const [[name, argument]] = Object.entries(JSON.parse(line));
  let answer;
  try {
    answer = { value: await commands[name](argument) ?? null };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
await browser.close();
