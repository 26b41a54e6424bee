// SPDX-License-Identifier: Apache-2.0
// What the notebook must do, driven in a browser:
//
//   node open.mjs URL PREFIX SHOTS
//
// URL of the server, with its base path and a slash at the end; PREFIX of the module library, which has the modules named below and
// tests/support/web-module; SHOTS, a directory for screenshots. One line a step; the first that fails ends it with exit code 1.
import assert from 'node:assert/strict';
import { Lab } from './lab.mjs';

const [url, prefix, shots] = process.argv.slice(2);
const seqtk = 'seqtk/1.4-GCC-12.2.0';
const zlib = 'zlib/1.3.1-GCCcore-12.2.0';
const numpy = 'numpy/1.26.4-Python-3.11.2';
const tools = 'PyTools/2024.08';
const web = 'hello-web/1.0';

let began = Date.now();
let lab;

async function step(title, does) {
  try {
    await does();
  } catch (error) {
    await lab?.page.screenshot({ path: `${shots}/failed.png` }).catch(() => {});
    console.log(`not ok - ${title}\n${error.stack}`);
    await lab?.close();
    process.exit(1);
  }
  console.log(`ok - ${title} (${Date.now() - began} ms)`);
  began = Date.now();
}

await step('the page opens, with featured and all modules, and nothing loaded', async () => {
  lab = await Lab.open(url, shots);
  assert.deepEqual(await lab.loaded(), []);
  const featured = await lab.featured();
  const available = await lab.available();
  assert(featured.includes(numpy) && featured.includes(zlib), `featured: ${featured}`);
  assert(available.length >= 20 && available.includes(web), `available: ${available}`);
  assert(featured.every(name => available.includes(name)), 'featured modules are available');
  assert.match(await lab.page.locator('#cairn-featured-list').innerText(), /NumPy is the fundamental package/);
  await lab.shot('1-panel');
});

await step('the filter works on both lists', async () => {
  await lab.filter('ZLIB');
  assert((await lab.featured()).length >= 2);
  for (const name of [...(await lab.featured()), ...(await lab.available())]) {
    assert.match(name, /zlib/i);
  }
  await lab.filter('nothing is called so');
  assert.deepEqual([await lab.featured(), await lab.available()], [[], []]);
  await lab.filter('');
  assert((await lab.available()).length >= 20);
});

await step('information tells what a module is and needs', async () => {
  const said = await lab.information('#module_avail_list', seqtk, '2-information');
  assert.match(said, /FASTA or FASTQ/);
  assert(said.includes(zlib) && said.includes('GCC/12.2.0') && said.includes('GCCcore/12.2.0'), said);
});

await step('a module is loaded with what it needs', async () => {
  const names = await lab.load(seqtk);
  assert(names.includes(zlib) && names.includes('GCCcore/12.2.0'), `loaded: ${names}`);
  assert(!(await lab.available()).includes(seqtk));
});

await step('a featured module is loaded, and stays in the list as loaded', async () => {
  await lab.load(numpy, '#cairn-featured-list');
  await lab.page.locator('#cairn-featured-list .cairn-mod-loaded', { hasText: 'numpy' }).waitFor();
  assert((await lab.featured()).includes(numpy));
});

await step('a new kernel imports from the loaded module', async () => {
  await lab.newNotebook();
  const path = await lab.run('import numpy\nprint(numpy.__file__)');
  assert(path.startsWith(`${prefix}/software/numpy/`), path);
});

await step('what is loaded now is seen after the kernel is restarted', async () => {
  await lab.load(tools);
  assert.equal(await lab.run('import importlib.util\nprint(importlib.util.find_spec("click"))'), 'None');
  await lab.restartKernel();
  const said = await lab.run('import click, numpy, os\nprint(click.__file__)\nprint(numpy.__file__)\nprint(os.environ["JPY_SESSION_NAME"])', '3-notebook');
  const [click, again, session] = said.split('\n');
  assert(click.startsWith(`${prefix}/software/PyTools/`), said);
  assert(again.startsWith(`${prefix}/software/numpy/`), said);
  assert.match(session, /Untitled.*\.ipynb$/);
});

await step('cells for bash know module', async () => {
  const said = await lab.run('import subprocess\nprint(subprocess.run(["bash", "-c", "module -t list 2>&1"], capture_output=True, text=True).stdout)');
  assert(said.split('\n').includes(seqtk), said);
});

await step('a loaded program runs in a terminal, which knows what is loaded', async () => {
  await lab.launcher();
  const line = `{ printf '>a\\nAACG\\n' | seqtk seq -r; command -v seqtk python; module -t list; } >said.part 2>&1; mv said.part said.txt; cat said.txt`;
  const said = (await lab.terminal(line, 'said.txt', '4-terminal')).split('\n');
  assert(said.includes('CGTT') && said.some(path => path.startsWith(`${prefix}/software/seqtk/`)), said.join('\n'));
  assert(said.includes('/opt/app-root/bin/python') && said.includes(numpy), said.join('\n'));
});

await step('a module is unloaded', async () => {
  await lab.unload(tools);
  assert((await lab.available()).includes(tools));
});

await step('a collection is saved, and restored after a reset', async () => {
  const before = (await lab.loaded()).sort();
  await lab.saveCollection('mine');
  assert.deepEqual(await lab.reset(), []);
  await lab.restoreCollection('mine');
  const after = (await lab.untilLoaded(names => names.length === before.length)).sort();
  assert.deepEqual(after, before);
});

await step('exported Python loads the same in a running kernel and in a script', async () => {
  const code = await lab.exported('5-python');
  assert(code.includes(seqtk) && code.includes(numpy));
  await lab.reset();
  await lab.page.locator('li.lm-TabBar-tab', { hasText: '.ipynb' }).click();
  await lab.restartKernel();
  assert.equal(await lab.run('import importlib.util\nprint(importlib.util.find_spec("numpy"))'), 'None');
  const path = await lab.run(`${code}\nimport numpy, shutil\nprint(numpy.__file__)\nprint(shutil.which("seqtk"))`);
  assert(path.startsWith(`${prefix}/software/numpy/`) && path.includes(`\n${prefix}/software/seqtk/`), path);
  await lab.write('exported.py', `${code}\nimport numpy\nprint(numpy.__file__)\n`);
  await lab.restartKernel();
  const script = await lab.run('import subprocess, sys\nprint(subprocess.run([sys.executable, "exported.py"], capture_output=True, text=True))');
  assert(script.includes(`${prefix}/software/numpy/`), script);
});

await step('a tile comes with its module, opens its application, and goes with it', async () => {
  await lab.launcher();
  assert.equal(await lab.tile('Hello').count(), 0);
  await lab.load(web);
  await lab.tile('Hello').waitFor();
  await lab.shot('6-tile');
  await lab.tile('Hello').click();
  const application = lab.page.frameLocator('.jp-ServerProxy iframe');
  await application.getByText('Hello from a module').waitFor();
  assert.equal(await application.locator('#loaded').innerText(), 'uthash/2.3.0, hello-web/1.0');
  await lab.shot('7-application');
  await lab.launcher();
  await lab.unload(web);
  await lab.tile('Hello').waitFor({ state: 'detached' });
  assert.equal(await lab.tile('RStudio').count(), 0);
});

await step('names reach no shell, and what is no name is refused', async () => {
  const answer = await lab.ask('cairn/loaded', 'POST', { command: 'load', modules: ['$(touch${IFS}$HOME/owned)'] });
  assert.equal(answer.status, 200);
  assert.match(answer.json.message, /unknown|cannot be loaded/i);
  for (const modules of [['--force'], ['a b'], [7], 'zlib', ['-zlib']]) {
    assert.equal((await lab.ask('cairn/loaded', 'POST', { command: 'load', modules })).status, 400);
  }
  assert.equal((await lab.ask('cairn/loaded', 'POST', { command: 'purge', modules: [] })).status, 400);
  assert.equal((await lab.ask('api/contents/owned')).status, 404);
});

await step('the page reported no error', async () => {
  assert.deepEqual(lab.errors, []);
});
await lab.close();
