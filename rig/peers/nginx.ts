import { PlatenError } from '../../protocol/errors.js'
import { seconds } from '../../protocol/time.js'
import type { RigPlatform } from '../platform/index.js'
import { untilConnectable } from './connectable.js'

export interface NginxOptions {
  /** For its settings, its process ID and its log `nginx.log`; it exists. */
  readonly directory: string
  readonly port: number
  /** Where its key and its certificates lie when it starts. */
  readonly keyFile: string
  readonly certificateFile: string
}

/** A running web server that reads its certificate when it is told to. */
export interface Nginx {
  readonly pid: number
  /** The program and its arguments that make it read its files again. */
  readonly reload: readonly string[]
  close(): Promise<void>
}

/**
 * nginx (Debian package `nginx-light`), a web server that nobody here wrote. A reload keeps what is open, and refuses what it
 * cannot load: then the command fails, and it serves on as before.
 * @throws connect-failed when it is not installed or does not start
 */
export async function startNginx({ clock, files, lines, processes }: RigPlatform, options: NginxOptions): Promise<Nginx> {
  const { directory, port } = options
  const config = `${directory}/nginx.conf`
  await files.write(config, configuration(options))
  const said: string[] = []
  const running = await processes.start('nginx', ['-c', config, '-p', directory, '-g', 'daemon off;'], { onLine: (line) => said.push(line) })
  try {
    await untilConnectable({ clock, lines }, port, running)
  } catch (cause) {
    running.signal('SIGKILL')
    throw new PlatenError('connect-failed', `nginx did not start on port ${port}: ${said.at(-1) ?? 'it said nothing'}`, { cause, fix: 'See whether the port is free.' })
  }
  return {
    pid: running.pid,
    reload: nginxReload(directory),
    close: async () => {
      running.signal('SIGTERM')
      const timer = clock.after('nginx-stop', seconds(10), () => running.signal('SIGKILL'))
      await running.exited
      timer.cancel()
    },
  }
}

/** The command for the one whose files lie in `directory`; known before it is started. */
export function nginxReload(directory: string): readonly string[] {
  return ['nginx', '-c', `${directory}/nginx.conf`, '-p', directory, '-s', 'reload']
}

/** All that it writes lies in its folder. `user`: only root can be another. */
function configuration({ directory, port, keyFile, certificateFile }: NginxOptions): string {
  const temporaries = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${directory}/${name};`)
  return [
    ...process.getuid?.() === 0 ? ['user root;'] : [],
    'worker_processes 1;',
    `pid ${directory}/nginx.pid;`,
    `error_log ${directory}/nginx.log notice;`,
    'events { worker_connections 256; }',
    'http {',
    '  access_log off;',
    ...temporaries,
    '  server {',
    `    listen 127.0.0.1:${port} ssl;`,
    `    ssl_certificate ${certificateFile};`,
    `    ssl_certificate_key ${keyFile};`,
    '    location / { return 200 "here\\n"; }',
    '  }',
    '}',
    '',
  ].join('\n')
}
