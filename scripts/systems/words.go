package main

// words are what is told, by language.
var words = map[string]map[string]string{
	"es": {
		"starting": "Arrancando seis sistemas de verdad…",
		"killed":   "\nHan matado a hasta. Arranca otra vez, y mira lo que quedó a medias.",
		"again":    "  Consola, con un enlace nuevo   {console}\n  hasta es ahora el proceso      {pid}",
		"show": `
Astilleros Ría Nueva se va: cuarenta accesos en seis sistemas de verdad

  Empieza aquí, como {person}, que se va: su página con el botón de baja
                      {leave}
  Y míralo en la consola, en otra ventana (este enlace vale una vez)
                      {console}
                      (luego {portal}console; entra como {logins}, clave {password})
  Carpeta             {folder}

  directory           OpenLDAP: once personas y papeles        {directory}
  people              SCIM 2.0: nueve personas                 {people}
  warehouse           PostgreSQL: seis roles                   {warehouse}
  files, archive      S3: cinco claves de un almacén           {files}
  tokens              OAuth: seis tokens de sus programas      {tokens}
  payments            cobros, como dice Stripe que es          {payments}
  deliveries          una carpeta: lo que se les entregó
  office              una tarjeta, una llave y una tableta: las recoge una persona

Para probar
  1. Abre «Empieza aquí», elige que sea hoy y confirma. Sigue la baja en su página privada.
  2. En la consola, abre el expediente: la base de datos conoce un acceso que nadie tenía apuntado, {orphan}. Decide en
     la página del cliente si es suyo. Entonces se cierran, cada uno probado antes y después; los tres de office los
     cierra quien los recoja, y dice cómo lo sabe. (La baja de hoy tiene efecto esta noche: avanza el reloj un día.)
     Una clave, {kept} de archive, queda en solo lectura mientras dura el plazo para llevarse los datos, y se cierra
     cuando acaba. Escribir con ella:
       {draw}
  3. Antes de que Tomás apruebe la devolución, guárdate la respuesta del sistema de cobros y mata a hasta entre las dos:
       curl -X PUT {hold}
       kill -9 {pid}        (cuando la devolución esté pedida; arranca solo)
     Hay una devolución, no dos: el paso dice dónde se leyó, su número allí y la clave con la que se pidió. Y el sistema de cobros:
       curl {refunds}
  4. Abre uno otra vez, a nuestras espaldas, y adelanta el reloj siete días (en el expediente, Avanzar hasta esa fecha):
       {regrant}
     La prueba de la semana lo encuentra, y alguien tiene que cerrarlo. Lo mismo con la clave que solo lee:
       {widen}
     El programa la vuelve a dejar en solo lectura, y alguien averigua quién la amplió.
  5. Terminado el contrato, que el sistema de cobros le cobre otro mes:
       {charge}
     Lo cuenta en el acto (si no lo contara, se le pregunta cada hora). En el expediente sale el aviso, con la devolución
     propuesta: la pide {asks} (Ver como) y la aprueba {approves}, que entra como {login} en otro navegador.
  6. bin/hasta audit verify --dir {folder}

Ctrl-C lo para todo y no deja nada.`,
	},
	"en": {
		"starting": "Starting six real systems…",
		"killed":   "\nSomebody killed hasta. It starts again, and looks at what was half done.",
		"again":    "  Console, with a new link       {console}\n  hasta is process               {pid} now",
		"show": `
Astilleros Ría Nueva leaves: forty accesses in six real systems

  Start here, as {person}, who leaves: their page, with the button to leave
                      {leave}
  And watch it in the console, in another window (this link opens once)
                      {console}
                      (then {portal}console; sign in as {logins}, password {password})
  Folder              {folder}

  directory           OpenLDAP: eleven people and roles        {directory}
  people              SCIM 2.0: nine people                    {people}
  warehouse           PostgreSQL: six roles                    {warehouse}
  files, archive      S3: five keys of a store                 {files}
  tokens              OAuth: six tokens of their programs      {tokens}
  payments            billing, as Stripe says that it is       {payments}
  deliveries          a folder: what was handed to them
  office              a card, a key and a tablet: a person collects them

What to try
  1. Open “Start here”, choose that it ends today and confirm. Follow the departure on its private page.
  2. In the console, open the departure: the database knows an access that nobody had written down, {orphan}. Decide on
     the page of the customer whether it is theirs. Then they are closed, each tried before and after; the three of office are
     closed by whoever collects them, who says how they know. (What ends today ends at night: push the clock by a day.)
     One key, {kept} of archive, is left to read while there is time to fetch the data, and closed when that is over. To
     write with it:
       {draw}
  3. Before Tom approves the refund, have the billing system keep its answer to itself, and kill hasta in between:
       curl -X PUT {hold}
       kill -9 {pid}        (once the refund was asked for; it starts by itself)
     There is one refund, not two: the step says where it was read back, its number there and the key that it was asked with.
     And so does the billing system:
       curl {refunds}
  4. Open one again behind our back, and push the clock by seven days (on the page of the departure, Move to that date):
       {regrant}
     The try of the week finds it, and somebody has to close it. The same with the key that only reads:
       {widen}
     The program leaves it to read again, and somebody finds out who widened it.
  5. Once the contract has ended, have the billing system charge them another month:
       {charge}
     It tells of it at once (if it did not, it is asked every hour). On the page of the departure there is an alarm that
     proposes to give it back: {asks} asks for that (View as), and {approves} approves it, signed in as {login} in another browser.
  6. bin/hasta audit verify --dir {folder}

Ctrl-C ends all of it and leaves nothing.`,
	},
}
