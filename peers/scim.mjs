// A SCIM 2.0 server (RFC 7644) by scimmy-routers, with users and groups in
// memory, and at /me what its users get in at by HTTP Basic with the password
// that they were made with. When somebody last got in there stands in a schema of
// its own. It says where its SCIM is on its first line.
//   node scim.mjs TOKEN
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";
import { randomUUID } from "node:crypto";

const [token] = process.argv.slice(2);

// Who signed in when is the server's to write.
const activity = "urn:ietf:params:scim:schemas:extension:acme:2.0:User";
SCIMMY.Schemas.User.definition.extend(new SCIMMY.Types.SchemaDefinition("Activity", activity, "When somebody last got in.", [
  new SCIMMY.Types.Attribute("dateTime", "lastSignIn", { mutable: false }),
]), false);

// keep declares a resource whose records are in memory. The filter of scimmy
// wants the lists that it is asked about to be there: defaults.
function keep(resource, defaults = {}) {
  const records = new Map();
  const find = (id) => {
    const found = records.get(id);
    if (!found) throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
    return found;
  };
  SCIMMY.Resources.declare(resource)
    .ingress(async ({ id }, data) => {
      const record = { ...data, id: id ? find(id).id : randomUUID() };
      // Passwords are never read, and so are missing in what was read and changed.
      record.password ??= records.get(record.id)?.password;
      record[activity] = records.get(record.id)?.[activity];
      for (const [name, value] of Object.entries(defaults)) record[name] ??= value;
      records.set(record.id, record);
      return record;
    })
    .egress(async ({ id, filter }) => {
      if (id) return find(id);
      const all = [...records.values()];
      return filter ? filter.match(all) : all;
    })
    .degress(async ({ id }) => {
      records.delete(find(id).id);
    });
  return records;
}
const users = keep(SCIMMY.Resources.User);
keep(SCIMMY.Resources.Group, { members: [] });

const app = express();
// The router makes numbers of these in a query that Express 5 reads anew each
// time, and so loses them.
app.set("query parser", (text) => {
  const query = Object.fromEntries(new URLSearchParams(text ?? ""));
  for (const name of ["startIndex", "count"]) if (query[name]) query[name] = Number(query[name]);
  return query;
});
app.use("/scim", new SCIMMYRouters({
  type: "bearer",
  handler: (request) => {
    if (request.header("Authorization") !== `Bearer ${token}`) throw new Error("who are you?");
    return "hasta";
  },
}));
app.get("/me", (request, response) => {
  const [scheme, shown] = (request.header("Authorization") ?? "").split(" ");
  const [name, password] = Buffer.from(shown ?? "", "base64").toString().split(/:(.*)/s);
  const known = [...users.values()].find((user) => user.userName === name);
  const enters = scheme === "Basic" && known?.active !== false && password && known?.password === password;
  if (enters) known[activity] = { lastSignIn: new Date().toISOString() };
  response.status(enters ? 200 : 401).json(enters ? { userName: name } : { error: "who are you?" });
});
const server = app.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/scim`));
