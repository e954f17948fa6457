package cloister.platform;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.crypto.Secret;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/// A TPM 2.0 and the commands that are needed of it (TPM 2.0 Library, Parts 2 and 3): registers,
/// quotes, NV indices, and one secret that opens under registers alone. Commands go out whole and
/// one at a time; a device file and a socket are the same to it.
///
/// Authorisations are empty passwords, as on every TPM that nobody has taken for himself: who may
/// open the device may use it, and nothing secret rests on that.
final class Tpm implements AutoCloseable {
  static final Path DEVICE = Path.of("/dev/tpmrm0");

  /// TPM_ALG_SHA256.
  static final int SHA256 = 0x000b;

  private static final int NO_SESSIONS = 0x8001;
  private static final int SESSIONS = 0x8002;
  private static final int CREATION_TICKET = 0x8021;
  private static final int OWNER = 0x4000_0001;
  private static final int NULL_HANDLE = 0x4000_0007;
  private static final int PASSWORD = 0x4000_0009;
  private static final int NULL_ALGORITHM = 0x0010;

  private static final int CREATE_PRIMARY = 0x131;
  private static final int NV_DEFINE_SPACE = 0x12a;
  private static final int NV_WRITE = 0x137;
  private static final int CERTIFY_CREATION = 0x14a;
  private static final int NV_READ = 0x14e;
  private static final int CREATE = 0x153;
  private static final int LOAD = 0x157;
  private static final int QUOTE = 0x158;
  private static final int UNSEAL = 0x15e;
  private static final int FLUSH_CONTEXT = 0x165;
  private static final int NV_READ_PUBLIC = 0x169;
  private static final int READ_PUBLIC = 0x173;
  private static final int START_AUTH_SESSION = 0x176;
  private static final int PCR_READ = 0x17e;
  private static final int POLICY_PCR = 0x17f;

  /// NV index attributes (Part 2, §13.4).
  private static final int OWNER_WRITE = 1 << 1;

  private static final int OWNER_READ = 1 << 17;
  private static final int AUTH_READ = 1 << 18;
  private static final int NO_LOCKOUT = 1 << 25;

  /// No TPM takes or gives more (TPM_PT_MAX_COMMAND_SIZE and _RESPONSE_SIZE are 4096 mostly).
  private static final int MOST_BYTES = 8192;

  private static final int HEADER_BYTES = 10;
  private static final int NV_CHUNK_BYTES = 1024;
  private static final int MOST_NV_BYTES = 16 * 1024;
  private static final int REGISTERS = 24;

  /// An ECC P-256 key that encrypts what is under it with AES-128-CFB, and nothing else: the
  /// storage primary of the TCG's provisioning guidance, the same whenever it is made anew.
  private static final Bytes STORAGE =
      Bytes.concat(
          u16(0x0023), // ECC
          u16(SHA256),
          u32(0x0003_0472), // fixed, restricted decryption, its own sensitive part, no lockout
          sized(),
          u16(0x0006), // AES
          u16(128),
          u16(0x0043), // CFB
          u16(NULL_ALGORITHM),
          u16(0x0003), // P-256
          u16(NULL_ALGORITHM),
          sized(),
          sized());

  /// TPM_RC_YIELDED, _TESTING, _NV_RATE and _RETRY: the same again, a little later.
  private static final List<Integer> LATER = List.of(0x908, 0x90a, 0x920, 0x922);

  private final ByteChannel channel;
  private final Attempts attempts;

  Tpm(ByteChannel channel, Attempts attempts) {
    this.channel = channel;
    this.attempts = attempts;
  }

  /// Through the kernel's resource manager, which takes away what this process leaves in the TPM.
  static Tpm open(Path device) throws IOException {
    return new Tpm(
        FileChannel.open(device, StandardOpenOption.READ, StandardOpenOption.WRITE),
        new Attempts(20, Duration.ofMillis(100)));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  /// The values of registers of the SHA-256 bank.
  SortedMap<Integer, Bytes> registers(Collection<Integer> indices)
      throws IOException, PlatformException {
    var values = new TreeMap<Integer, Bytes>();
    var wanted = new TreeSet<>(indices);
    while (!wanted.isEmpty()) {
      TpmReader answer = execute(PCR_READ, List.of(), Authorization.NONE, selection(wanted), 0);
      answer.u32(); // update counter
      List<Integer> read = selected(answer);
      if (answer.u32() != read.size() || read.isEmpty() || !wanted.containsAll(read)) {
        throw new IOException("the TPM has no SHA-256 bank with the registers " + wanted);
      }
      for (int index : read) {
        values.put(index, answer.sized());
      }
      answer.end();
      wanted.removeAll(read);
    }
    return values;
  }

  /// `TPM2B_ATTEST` and `TPMT_SIGNATURE` of a quote by the key, in the scheme that the key has.
  Bytes quote(int key, Bytes nonce, Collection<Integer> registers)
      throws IOException, PlatformException {
    return execute(
            QUOTE,
            List.of(key),
            Authorization.PASSWORD_ONCE,
            Bytes.concat(sized(nonce), u16(NULL_ALGORITHM), selection(registers)),
            0)
        .rest();
  }

  /// Whether there is a key or other object of that handle.
  boolean has(int object) throws IOException, PlatformException {
    try {
      execute(READ_PUBLIC, List.of(object), Authorization.NONE, Bytes.concat(), 0);
      return true;
    } catch (TpmRefusal e) {
      if (e.isNoSuchHandle()) {
        return false;
      }
      throw e;
    }
  }

  /// @param dataBytes that it holds
  record NvIndex(int attributes, int dataBytes) {
    /// By the owner's authorisation where the index allows that, else by its own.
    private int reader(int index) throws IOException {
      if ((attributes & OWNER_READ) != 0) {
        return OWNER;
      }
      if ((attributes & AUTH_READ) != 0) {
        return index;
      }
      throw new IOException("NV index 0x%08x may not be read".formatted(index));
    }
  }

  NvIndex nvIndex(int index) throws IOException, PlatformException {
    TpmReader answer =
        execute(NV_READ_PUBLIC, List.of(index), Authorization.NONE, Bytes.concat(), 0);
    var area = new TpmReader(answer.sized());
    if (area.u32() != index) {
      throw new IOException("the TPM answered for another NV index");
    }
    area.u16(); // name algorithm
    int attributes = area.u32();
    area.sized(); // policy
    int dataBytes = area.u16();
    area.end();
    return new NvIndex(attributes, dataBytes);
  }

  /// All of an index.
  Bytes nvRead(int index) throws IOException, PlatformException {
    NvIndex area = nvIndex(index);
    if (area.dataBytes() > MOST_NV_BYTES) {
      throw new IOException("NV index 0x%08x has %d bytes".formatted(index, area.dataBytes()));
    }
    int reader = area.reader(index);
    var chunks = new ArrayList<Bytes>();
    for (int at = 0; at < area.dataBytes(); at += NV_CHUNK_BYTES) {
      int count = Math.min(NV_CHUNK_BYTES, area.dataBytes() - at);
      TpmReader answer =
          execute(
              NV_READ,
              List.of(reader, index),
              Authorization.PASSWORD_ONCE,
              Bytes.concat(u16(count), u16(at)),
              0);
      Bytes chunk = answer.sized();
      answer.end();
      if (chunk.size() != count) {
        throw new IOException("the TPM read %d of %d bytes".formatted(chunk.size(), count));
      }
      chunks.add(chunk);
    }
    return Bytes.concat(chunks.toArray(Bytes[]::new));
  }

  /// Writes from the start; the index is made if there is none.
  void nvWrite(int index, Bytes content) throws IOException, PlatformException {
    try {
      nvIndex(index);
    } catch (TpmRefusal e) {
      if (!e.isNoSuchHandle()) {
        throw e;
      }
      nvDefine(index, content.size());
    }
    for (int at = 0; at < content.size(); at += NV_CHUNK_BYTES) {
      Bytes chunk = content.slice(at, Math.min(at + NV_CHUNK_BYTES, content.size()));
      execute(
          NV_WRITE,
          List.of(OWNER, index),
          Authorization.PASSWORD_ONCE,
          Bytes.concat(sized(chunk), u16(at)),
          0);
    }
  }

  private void nvDefine(int index, int dataBytes) throws IOException, PlatformException {
    Bytes area =
        Bytes.concat(
            u32(index),
            u16(SHA256),
            u32(OWNER_WRITE | OWNER_READ | AUTH_READ | NO_LOCKOUT),
            sized(),
            u16(dataBytes));
    execute(
        NV_DEFINE_SPACE,
        List.of(OWNER),
        Authorization.PASSWORD_ONCE,
        Bytes.concat(sized(), sized(area)),
        0);
  }

  /// A key of the owner's hierarchy, by its template; the same for the same template. The caller
  /// flushes it.
  int createPrimary(Bytes template) throws IOException, PlatformException {
    return execute(
            CREATE_PRIMARY,
            List.of(OWNER),
            Authorization.PASSWORD_ONCE,
            Bytes.concat(sized(Bytes.concat(sized(), sized())), sized(template), sized(), u32(0)),
            1)
        .u32();
  }

  void flush(int handle) throws IOException, PlatformException {
    execute(FLUSH_CONTEXT, List.of(handle), Authorization.NONE, Bytes.concat(), 0);
  }

  /// A secret that this TPM opens while its registers have the values that they have now. Sealing
  /// leaves in it, under a ticket of the TPM's own, what the registers were when it was made.
  Bytes seal(Secret secret, Collection<Integer> registers) throws IOException, PlatformException {
    return seal(secret, registers(registers), registers);
  }

  /// @param values under which it opens
  /// @param noted whose state when it is made goes into the ticket
  Bytes seal(Secret secret, SortedMap<Integer, Bytes> values, Collection<Integer> noted)
      throws IOException, PlatformException {
    int parent = createPrimary(STORAGE);
    try {
      byte[] content = secret.expose();
      Bytes sensitive = Bytes.concat(sized(), sized(Bytes.of(content)));
      Arrays.fill(content, (byte) 0);
      Bytes template =
          Bytes.concat(
              u16(0x0008), // KEYEDHASH
              u16(SHA256),
              u32(0x0000_0412), // fixed to this TPM and parent, no lockout, opened by policy alone
              sized(policy(values)),
              u16(NULL_ALGORITHM),
              sized());
      TpmReader answer =
          execute(
              CREATE,
              List.of(parent),
              Authorization.PASSWORD_ONCE,
              Bytes.concat(sized(sensitive), sized(template), sized(), selection(noted)),
              0);
      // TPM2B_PRIVATE, TPM2B_PUBLIC, TPM2B_CREATION_DATA, TPM2B_DIGEST, TPMT_TK_CREATION
      return answer.rest();
    } finally {
      flush(parent);
    }
  }

  /// Opens what [#seal] made. The host keeps it and may put another in its place: anybody who can
  /// start a system of his own on this TPM can seal a secret that he knows under any registers. So
  /// the TPM's ticket is checked first, and it has to say that the registers were, when the secret
  /// was sealed, what they are now: that the same system sealed it.
  ///
  /// @throws SealRefused if it was sealed in another state of the registers, or altered
  Secret unseal(Bytes sealed, Collection<Integer> registers)
      throws IOException, PlatformException, SealRefused {
    var parts = sealedParts(sealed);
    SortedMap<Integer, Bytes> values = registers(registers);
    // 1. Sealed while the registers were what they are.
    Bytes expected = Bytes.concat(selection(values.keySet()), sized(digest(values)));
    Bytes creation = parts.creationData();
    if (creation.size() < expected.size() || !creation.slice(0, expected.size()).equals(expected)) {
      throw new SealRefused("another system sealed it: the TPM's registers were others");
    }
    if (!Bytes.of(Digest.of(creation).toArray()).equals(parts.creationHash())) {
      throw new SealRefused("it was altered");
    }
    int parent = createPrimary(STORAGE);
    try {
      int object = load(parent, parts);
      try {
        // 2. By this TPM, and it is this object that the ticket is about.
        certifyCreation(object, parts);
        // 3. Under the registers.
        return opened(object, values);
      } finally {
        flush(object);
      }
    } catch (TpmRefusal e) {
      throw new SealRefused("the TPM does not open it", e);
    } finally {
      flush(parent);
    }
  }

  private record Sealed(
      Bytes privatePart, Bytes publicPart, Bytes creationData, Bytes creationHash, Bytes ticket) {}

  private static Sealed sealedParts(Bytes sealed) throws SealRefused {
    try {
      var reader = new TpmReader(sealed);
      Bytes privatePart = reader.sized();
      Bytes publicPart = reader.sized();
      Bytes creationData = reader.sized();
      Bytes creationHash = reader.sized();
      Bytes ticket = reader.rest();
      if (new TpmReader(ticket).u16() != CREATION_TICKET) {
        throw new SealRefused("it was altered");
      }
      return new Sealed(privatePart, publicPart, creationData, creationHash, ticket);
    } catch (IOException e) {
      throw new SealRefused("it was cut or altered", e);
    }
  }

  private int load(int parent, Sealed parts) throws IOException, PlatformException {
    return execute(
            LOAD,
            List.of(parent),
            Authorization.PASSWORD_ONCE,
            Bytes.concat(sized(parts.privatePart()), sized(parts.publicPart())),
            1)
        .u32();
  }

  /// Signed by nobody: the answer is success or not.
  private void certifyCreation(int object, Sealed parts) throws IOException, PlatformException {
    execute(
        CERTIFY_CREATION,
        List.of(NULL_HANDLE, object),
        Authorization.PASSWORD_ONCE,
        Bytes.concat(sized(), sized(parts.creationHash()), u16(NULL_ALGORITHM), parts.ticket()),
        0);
  }

  private Secret opened(int object, SortedMap<Integer, Bytes> values)
      throws IOException, PlatformException {
    TpmReader started =
        execute(
            START_AUTH_SESSION,
            List.of(NULL_HANDLE, NULL_HANDLE),
            Authorization.NONE,
            Bytes.concat(
                sized(Bytes.of(new byte[16])), // a nonce that no MAC uses
                sized(),
                Bytes.of(new byte[] {1}), // a policy session
                u16(NULL_ALGORITHM),
                u16(SHA256)),
            0);
    int session = started.u32();
    try {
      execute(
          POLICY_PCR,
          List.of(session),
          Authorization.NONE,
          Bytes.concat(sized(), selection(values.keySet())),
          0);
      TpmReader answer =
          execute(UNSEAL, List.of(object), new Authorization(session), Bytes.concat(), 0);
      byte[] secret = answer.sized().toArray();
      try {
        return Secret.of(secret);
      } finally {
        Arrays.fill(secret, (byte) 0);
      }
    } finally {
      flush(session);
    }
  }

  /// The policy digest of TPM2_PolicyPCR alone (Part 3, §23.7).
  private static Bytes policy(SortedMap<Integer, Bytes> values) {
    return sha256(
        Bytes.concat(
            Bytes.of(new byte[32]), u32(POLICY_PCR), selection(values.keySet()), digest(values)));
  }

  /// Of the values in ascending order, as quotes and creation data have it.
  static Bytes digest(SortedMap<Integer, Bytes> values) {
    return sha256(Bytes.concat(values.values().toArray(Bytes[]::new)));
  }

  private static Bytes sha256(Bytes content) {
    return Bytes.of(Digest.of(content).toArray());
  }

  /// Who a command's first handle is authorised by.
  ///
  /// @param session a password's pseudo-session, or a policy's; 0 for none
  record Authorization(int session) {
    static final Authorization NONE = new Authorization(0);
    static final Authorization PASSWORD_ONCE = new Authorization(PASSWORD);

    /// Its handle, an empty nonce, the attribute that it goes on, and an empty password or MAC.
    private Bytes area() {
      return session == 0
          ? Bytes.concat()
          : Bytes.concat(u32(9), u32(session), u16(0), Bytes.of(new byte[] {1}), u16(0));
    }
  }

  /// Sends a command and reads its answer, which begins with the handles that it returns.
  ///
  /// @param returnedHandles how many that are
  TpmReader execute(
      int code,
      List<Integer> handles,
      Authorization authorization,
      Bytes parameters,
      int returnedHandles)
      throws IOException, PlatformException {
    Bytes area = authorization.area();
    Bytes body =
        Bytes.concat(
            Bytes.concat(handles.stream().map(Tpm::u32).toArray(Bytes[]::new)), area, parameters);
    Bytes command =
        Bytes.concat(
            u16(area.size() == 0 ? NO_SESSIONS : SESSIONS),
            u32(HEADER_BYTES + body.size()),
            u32(code),
            body);
    for (int attempt = 1; ; attempt++) {
      Bytes answer = exchange(command);
      var reader = new TpmReader(answer);
      int tag = reader.u16();
      reader.u32(); // size, which is the answer's
      int result = reader.u32();
      if (result == 0) {
        return tag == SESSIONS ? withoutSessions(reader, returnedHandles) : reader;
      }
      if (!LATER.contains(result) || attempt == attempts.most()) {
        throw new TpmRefusal(code, result);
      }
      attempts.rest("the TPM");
    }
  }

  /// Handles and parameters, without the size between them and the sessions after them.
  private static TpmReader withoutSessions(TpmReader reader, int returnedHandles)
      throws IOException {
    Bytes handles = reader.bytes(4 * returnedHandles);
    Bytes parameters = reader.bytes(reader.u32());
    return new TpmReader(Bytes.concat(handles, parameters));
  }

  /// One write, and as many reads as the answer takes.
  private Bytes exchange(Bytes command) throws IOException {
    int written = channel.write(ByteBuffer.wrap(command.toArray()));
    if (written != command.size()) {
      throw new IOException("the TPM took %d of %d bytes".formatted(written, command.size()));
    }
    var answer = ByteBuffer.allocate(MOST_BYTES);
    int size = HEADER_BYTES;
    while (answer.position() < size) {
      if (channel.read(answer) <= 0) {
        throw new IOException("the TPM's answer ends early");
      }
      if (answer.position() >= HEADER_BYTES) {
        size = answer.getInt(2);
        if (size < HEADER_BYTES || size > MOST_BYTES) {
          throw new IOException("the TPM's answer is said to have %d bytes".formatted(size));
        }
      }
    }
    if (answer.position() > size) {
      throw new IOException("the TPM answered with more than it says");
    }
    return Bytes.of(Arrays.copyOf(answer.array(), size));
  }

  /// TPML_PCR_SELECTION of one bank.
  static Bytes selection(Collection<Integer> registers) {
    byte[] bits = new byte[REGISTERS / 8];
    for (int index : registers) {
      if (index < 0 || index >= REGISTERS) {
        throw new IllegalArgumentException("a TPM has no register " + index);
      }
      bits[index / 8] |= (byte) (1 << (index % 8));
    }
    return Bytes.concat(
        u32(1), u16(SHA256), Bytes.of(new byte[] {(byte) bits.length}), Bytes.of(bits));
  }

  private static List<Integer> selected(TpmReader reader) throws IOException {
    if (reader.u32() != 1 || reader.u16() != SHA256) {
      throw new IOException("the TPM has no SHA-256 bank");
    }
    byte[] bits = reader.bytes(reader.u8()).toArray();
    var indices = new ArrayList<Integer>();
    for (int index = 0; index < bits.length * 8; index++) {
      if ((bits[index / 8] >>> (index % 8) & 1) == 1) {
        indices.add(index);
      }
    }
    return Collections.unmodifiableList(indices);
  }

  static Bytes u16(int value) {
    return Bytes.of(new byte[] {(byte) (value >>> 8), (byte) value});
  }

  static Bytes u32(int value) {
    return Bytes.of(ByteBuffer.allocate(4).putInt(value).array());
  }

  /// A TPM2B.
  static Bytes sized(Bytes content) {
    return Bytes.concat(u16(content.size()), content);
  }

  private static Bytes sized() {
    return u16(0);
  }
}
