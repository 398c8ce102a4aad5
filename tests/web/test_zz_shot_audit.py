import pytest
from tests.rig.browser import open_browser, open_page
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.user_input import UserInput
from pbxbridge.services.people import Role
async def test_shots(client, prepared, extensions, admin, portal):
    await extensions.create(admin, parse_extension({"number":"1001","caller_id_name":"Ada","voicemail":True,"voicemail_pin":"4321","voicemail_email":"ada@example.com","dids":["4930100"],"phone_make":"Polycom"}))
    await extensions.create(admin, parse_extension({"number":"1002","caller_id_name":"Grace"}))
    await extensions.update(admin,"1001",{"forward_all":"1002","ring_time":"30","dids":["4930100","4930101"],"do_not_disturb":True,"voicemail_pin":"99887"})
    await extensions.update(admin,"1001",{"forward_all":"+4930555","voicemail_email":"a.very.long.address.indeed.for.a.phone@department.example.com"})
    await extensions.update(admin,"1002",{"phone_group":"Sales"})
    await portal.users.create(admin, UserInput(login="grace", name="Grace Hopper", role=Role.USER, extensions=["1002"]))
    await extensions.secret(admin,"1002")
    portal.mirror.link_up()
    home=str(client.make_url("/")).rstrip("/")
    rows=(await portal.audit.page()).items
    ids={ (r.action,r.subject):r.id for r in reversed(rows)}
    first=[r.id for r in rows if r.action=="extension.changed" and r.subject=="1001"]
    grp=[r.id for r in rows if r.action=="extension.changed" and r.subject=="1002"][0]
    async with open_browser() as b:
        for w,scheme,js in ((1280,"light",True),(390,"light",False),(1280,"dark",False),(390,"dark",True)):
            async with open_page(b,viewport={"width":w,"height":900},color_scheme=scheme,java_script_enabled=js) as page:
                await page.context.add_cookies([{"name":"session","value":prepared.token,"url":home}])
                for name,path in (("list","/audit"),("more","/audit?field=forward_all&from=2020-01-01"),("bad","/audit?from=yesterday&to=2020-01-01"),("none","/audit?subject=77"),("entry",f"/audit/{first[0]}"),("blocked",f"/audit/{first[-1]}"),("undo",f"/audit/{grp}/undo"),("created",f"/audit/{ids['extension.created','1001']}")):
                    await page.goto(home+path)
                    over=await page.evaluate("document.documentElement.scrollWidth-document.documentElement.clientWidth")
                    if over: print(w,name,"overflow",over)
                    await page.screenshot(path=f"/tmp/audit_{name}_{w}_{scheme}.png",full_page=True)
