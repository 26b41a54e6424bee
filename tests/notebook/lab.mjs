// SPDX-License-Identifier: Apache-2.0
// JupyterLab as somebody in front of it uses it, through the parts of the page that they see. lab.test.mjs says what it shall do.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

// JupyterLab says this on each start, with and without extensions.
const harmless = /restore\(\) must be called before `first` has resolved/;

export class Lab {
  /** Open the page of the server at `url` (with its base path and a slash at the end). Screenshots go to `shots`. */
  static async open(url, shots) {
    const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage'] });
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(30_000);
    const lab = new Lab(url, shots, browser, page);
    page.on('pageerror', error => harmless.test(error.message) || lab.errors.push(error.message));
    // reset: what another page left open is closed.
    await page.goto(`${url}lab?reset`);
    await page.locator('li.lm-TabBar-tab[data-id="module-jupyterlab"]').click();
    await page.locator('#cairn-featured-list li:visible').first().waitFor();
    await page.locator('#module_avail_list li').first().waitFor();
    return lab;
  }

  constructor(url, shots, browser, page) {
    Object.assign(this, { url, shots, browser, page, errors: [], cells: 0 });
  }

  async close() {
    await this.browser.close();
  }

  async shot(name) {
    await this.page.screenshot({ path: `${this.shots}/${name}.png`, animations: 'disabled' });
  }

  /** A request as the page makes it. */
  async ask(path, method = 'GET', body = undefined) {
    const xsrf = (await this.page.context().cookies()).find(cookie => cookie.name === '_xsrf')?.value;
    const response = await this.page.request.fetch(this.url + path, { method, data: body, headers: { 'X-XSRFToken': xsrf ?? '' } });
    return { status: response.status(), json: await response.json().catch(() => undefined) };
  }

  // The panel

  names(list) {
    return this.page.locator(`${list} li:visible .jp-Module-itemLabel`).allTextContents();
  }
  featured() {
    return this.names('#cairn-featured-list');
  }
  available() {
    return this.names('#module_avail_list');
  }
  loaded() {
    return this.names('#module_loaded_list');
  }

  /** Wait until what is loaded is as `condition` wants it. */
  async untilLoaded(condition) {
    const end = Date.now() + 30_000;
    for (;;) {
      const names = await this.loaded();
      if (condition(names)) {
        return names;
      }
      assert(Date.now() < end, `still loaded: ${names.join(', ')}`);
      await this.page.waitForTimeout(50);
    }
  }

  async filter(text) {
    await this.page.locator('#modules').fill(text);
  }

  item(list, name) {
    const label = this.page.locator('.jp-Module-itemLabel').getByText(name, { exact: true });
    return this.page.locator(`${list} li`).filter({ has: label.or(this.page.locator(`.jp-Module-itemLabel:text-is("${name}")`)) }).first();
  }

  async press(list, name) {
    const item = this.item(list, name);
    await item.hover();
    await item.locator('button').click();
  }

  async load(name, list = '#module_avail_list') {
    await this.press(list, name);
    return this.untilLoaded(names => names.includes(name));
  }

  async unload(name) {
    await this.press('#module_loaded_list', name);
    return this.untilLoaded(names => !names.includes(name));
  }

  async reset() {
    await this.page.locator('#cairn-reset-button').click();
    await this.page.locator('.jp-Dialog button.jp-mod-warn').click();
    return this.untilLoaded(names => names.length === 0);
  }

  /** Text of the dialog that the click on `locator` opens; closed again. */
  async dialog(locator, shot, text = '.jp-Dialog-content') {
    await locator.click();
    const content = this.page.locator('.jp-Dialog').locator(text);
    await content.waitFor();
    if (shot) {
      await this.shot(shot);
    }
    const said = await content.innerText();
    await this.page.locator('.jp-Dialog button').first().click();
    await this.page.locator('.jp-Dialog').waitFor({ state: 'detached' });
    return said;
  }

  information(list, name, shot) {
    return this.dialog(this.item(list, name).locator('.jp-Module-itemLabel'), shot);
  }

  exported(shot) {
    return this.dialog(this.page.locator('#export-button'), shot, '#cairn-python');
  }

  async saveCollection(name) {
    await this.page.locator('#save-button').click();
    await this.page.locator('.jp-Dialog input').fill(name);
    await this.page.locator('.jp-Dialog button.jp-mod-accept').click();
    await this.page.locator('.jp-Dialog').waitFor({ state: 'detached' });
    const end = Date.now() + 10_000;
    while (!(await this.ask('module/collections')).json.includes(name)) {
      assert(Date.now() < end, `collection ${name} was not saved`);
      await this.page.waitForTimeout(50);
    }
  }

  async restoreCollection(name) {
    await this.page.locator('#restore-button').click();
    const choice = this.page.locator('.jp-Dialog select');
    await choice.locator('option', { hasText: name }).waitFor({ state: 'attached' });
    await choice.selectOption(name);
    await this.page.locator('.jp-Dialog button.jp-mod-accept').click();
    await this.page.locator('.jp-Dialog').waitFor({ state: 'detached' });
  }

  // Notebooks, terminals, tiles

  tile(title) {
    return this.page.locator('.jp-LauncherCard:visible').filter({ hasText: title });
  }

  async launcher() {
    await this.page.evaluate(() => window.jupyterapp?.commands.execute('launcher:create'));
    if ((await this.page.locator('.jp-LauncherCard:visible').count()) === 0) {
      await this.page.keyboard.press('Control+Shift+L');
    }
    await this.page.locator('.jp-LauncherCard:visible').first().waitFor();
  }

  async newNotebook() {
    await this.page.locator('.jp-LauncherCard:visible[data-category="Notebook"]').first().click();
    await this.page.locator('.jp-Notebook:visible .jp-Cell .cm-content').first().waitFor();
    await this.untilKernelListens();
  }

  // The page says idle before its connection to the kernel is there; a cell that is run then is lost.
  async untilKernelListens() {
    const end = Date.now() + 30_000;
    for (;;) {
      const kernels = (await this.ask('api/kernels')).json;
      if (kernels.length === 1 && kernels[0].connections > 0 && kernels[0].execution_state === 'idle') {
        return;
      }
      assert(Date.now() < end, `no kernel that listens: ${JSON.stringify(kernels)}`);
      await this.page.waitForTimeout(50);
    }
  }

  /** Run `code` in the notebook's first cell; what it printed. */
  async run(code, shot) {
    const end = `end of ${++this.cells}`;
    await this.page.locator('.jp-Notebook:visible .jp-Cell .cm-content').first().click();
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.insertText(`${code}\nprint(${JSON.stringify(end)})`);
    await this.page.keyboard.press('Control+Enter');
    const output = this.page.locator('.jp-Notebook:visible .jp-OutputArea-output').filter({ hasText: /end of|Error/ }).first();
    await this.page.waitForFunction(
      end => Array.from(document.querySelectorAll('.jp-OutputArea-output')).some(output => output.textContent.includes(end) || /Error/.test(output.textContent)),
      end
    );
    if (shot) {
      await this.page.locator('.jp-Notebook:visible .jp-InputPrompt', { hasText: /\[\d+\]/ }).waitFor();
      await this.shot(shot);
    }
    const text = await output.innerText();
    assert(text.includes(end), `the cell failed:\n${text}`);
    return text.replace(end, '').trim();
  }

  async restartKernel() {
    const before = (await this.ask('api/kernels')).json[0];
    await this.page.locator('.jp-NotebookPanel:visible [data-jp-item-name="restart"]').click();
    const restarted = this.page.waitForResponse(response => response.url().includes(`/kernels/${before.id}/restart`));
    await this.page.locator('.jp-Dialog button.jp-mod-warn').click();
    await restarted;
    await this.untilKernelListens();
  }

  /** Run a line in a new terminal, and wait for the file `done` that it makes in the home directory. */
  async terminal(line, done, shot) {
    await this.tile('Terminal').click();
    const terminal = this.page.locator('.jp-Terminal:visible .xterm-helper-textarea');
    await terminal.waitFor({ state: 'attached' });
    await this.page.locator('.jp-Terminal:visible').click();
    // A shell that is not there yet reads it when it is.
    await this.page.keyboard.insertText(line);
    await this.page.keyboard.press('Enter');
    const text = await this.file(done);
    if (shot) {
      await this.page.waitForTimeout(300); // the terminal draws on a canvas: nothing to wait for
      await this.shot(shot);
    }
    return text;
  }

  async file(name) {
    const end = Date.now() + 30_000;
    for (;;) {
      const answer = await this.ask(`api/contents/${name}?content=1`);
      if (answer.status === 200 && answer.json.content) {
        return answer.json.content;
      }
      assert(Date.now() < end, `${name} did not appear`);
      await this.page.waitForTimeout(100);
    }
  }

  async write(name, content) {
    const answer = await this.ask(`api/contents/${name}`, 'PUT', { type: 'file', format: 'text', content });
    assert([200, 201].includes(answer.status), `${name} cannot be written: ${answer.status}`);
  }
}
