import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { BoardRig } from '../support/board-rig.js'

/** Every file below a directory. */
function filesOf(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => join(directory, name)).filter((path) => statSync(path).isFile())
}

test.serial('the built board with any one file of its data directory cut in half starts and serves, or refuses in one line with what to do', async (t) => {
  const rig = await BoardRig.make(t)
  await rig.boot()
  await rig.signInFirst()
  await rig.command('comm set url=http://127.0.0.1/scep')
  t.is(await rig.stop(), 0)
  const sound = new Map(filesOf(rig.data).map((path) => [path, readFileSync(path)]))
  t.true(sound.size >= 7)
  for (const path of sound.keys()) {
    for (const [each, bytes] of sound) writeFileSync(each, bytes)
    writeFileSync(path, sound.get(path)!.subarray(0, sound.get(path)!.length >> 1))
    const from = rig.output.text.length
    const serial = rig.serial.text.length
    rig.start()
    const prompted = await Promise.race([rig.serial.wait(/login: $/, serial).then(() => true), rig.ended().then(() => false)])
    t.is(await rig.stop(), prompted ? 0 : 1, path)
    const said = rig.output.text.slice(from)
    t.notRegex(said, /^\s+at .*:\d+/m, path)
    if (!prompted) t.regex(said, /^platen: .+\. [A-Z].+\.$/m, path)
  }
})
