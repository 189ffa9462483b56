import { PlatenError } from '../../../protocol/errors.js'
import { startOwnServer } from './servers.js'
import { communication, request, type Scene } from './story.js'

/** Something that goes wrong, and what the administrator has to read then. */
interface Trouble {
  readonly name: string
  /** Details, verbatim (device.md section 5), or the message of a refusal that starts no request. */
  readonly expected: string
  run(): Promise<unknown>
  /** Puts right what was wrong. */
  mend?(): Promise<unknown>
}

/** Four troubles, each shown with the text that the administrator reads. @throws probe-failed when it is another text */
export async function troubles(scene: Scene): Promise<void> {
  const { person, server, steps } = scene
  for (const trouble of server.misbehave === undefined ? withForeignServer(scene) : withOwnServer(scene, server.misbehave)) {
    await steps.step(`Trouble: ${trouble.name}`, {}, async () => {
      await trouble.run()
      const { details } = await person.does('history 1')
      await trouble.mend?.()
      if (details !== trouble.expected) throw new PlatenError('probe-failed', `the administrator reads ${JSON.stringify(details)} instead of ${JSON.stringify(trouble.expected)}`)
    })
  }
}

type Misbehave = NonNullable<Scene['server']['misbehave']>

function withOwnServer(scene: Scene, misbehave: Misbehave): readonly Trouble[] {
  const { person, server } = scene
  const good = (): Promise<void> => {
    misbehave({ faults: [] })
    return Promise.resolve()
  }
  return [
    wrongChallenge(scene),
    {
      name: 'the server answers nothing',
      expected: 'Communication Error (TOP ERROR)',
      run: async () => {
        misbehave({ faults: [{ fault: 'delay', seconds: 30 }] })
        await person.does('comm set timeout=2')
        await person.types(request('second'), server.challenge)
      },
      mend: good,
    },
    {
      name: 'an answer to somebody else comes back',
      expected: 'Response Error (Other Transaction)',
      run: () => {
        misbehave({ faults: ['other-transaction'] })
        return person.types(request('second'), server.challenge)
      },
      mend: good,
    },
    otherAuthority(scene),
  ]
}

function withForeignServer(scene: Scene): readonly Trouble[] {
  const { person, server } = scene
  return [
    wrongChallenge(scene),
    {
      name: 'this server answers in single DES and SHA-1, which the policy standard refuses',
      expected: 'Response Error (Quirk des-reply, sha1-reply Refused)',
      run: async () => {
        await person.does('comm set policy=standard')
        await person.types(request('second'), server.challenge)
      },
      mend: () => person.does(`comm set policy=${server.policy}`),
    },
    otherAuthority(scene),
    {
      name: 'the server is switched off',
      expected: 'Communication Error (TOP ERROR)',
      run: async () => {
        await person.does(communication(server))
        await server.close()
        await person.types(request('second'), server.challenge)
      },
    },
  ]
}

function wrongChallenge({ person }: Scene): Trouble {
  return {
    name: 'a wrong challenge password',
    expected: 'Communication Error (SCEP ERROR Fail Info 2)',
    run: () => person.types(request('second'), 'not the challenge'),
  }
}

/** Somebody puts up another server at the place of the right one. */
function otherAuthority({ person, platform, server }: Scene): Trouble {
  return {
    name: 'another CA answers at the same name',
    expected: 'CA Error (Fingerprint Mismatch)',
    run: async () => {
      const impostor = await startOwnServer(platform, () => undefined)
      try {
        await person.does(communication(impostor))
        await person.types(request('second'), server.challenge)
      } finally {
        await impostor.close()
      }
    },
    mend: () => person.does(communication(server)),
  }
}
