import { go, replace, to, useRoute } from '../../lib/route'
import { Card, Page } from '../../ui/page'
import { AskById } from './ask-by-id'
import { AskByUser } from './ask-by-user'
import { Denials } from './denials'
import { Explained } from './explained'
import { Holders } from './holders'
import { texts } from './text'
import style from './why.module.css'

/** Address is where an explanation stands. */
export function address(user: string, permissions: string[]): string {
  const query = new URLSearchParams(permissions.map((permission) => ['permission', permission]))
  return to(['why'], { user }) + (user && permissions.length > 0 ? `&${query}` : permissions.length > 0 ? `?${query}` : '')
}

/** Why explains why someone may or may not do something, and lists what was refused lately. */
export default function Why() {
  const { query } = useRoute()
  const user = query.get('user') ?? ''
  const permissions = [...new Set(query.getAll('permission'))]
  const asked = user !== '' && permissions.length > 0
  return (
    <Page title={texts.title} lead={texts.lead}>
      <div className={style.ways}>
        {!asked && (
          <div>
            <Card title={texts.byId}>
              <AskById onAsk={(id) => go(to(['why', id]))} />
            </Card>
          </div>
        )}
        <div>
          <Card title={texts.byUser}>
            <AskByUser user={user} permissions={permissions} onChange={(user, permissions) => replace(address(user, permissions))} />
          </Card>
        </div>
      </div>
      {!user &&
        permissions.map((permission) => (
          <section key={permission} className={style.section}>
            <Holders permission={permission} />
          </section>
        ))}
      {asked ? <Explained key={user} user={user} permissions={permissions} /> : <Denials user={user} onEveryone={() => replace(address('', permissions))} />}
    </Page>
  )
}
