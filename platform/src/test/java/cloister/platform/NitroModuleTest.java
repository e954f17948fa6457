package cloister.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Binding;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class NitroModuleTest {
  private static final Binding BINDING = Binding.of("cloister/test/v1", Bytes.utf8("nonce"));

  /// Linux's drivers/misc/nsm.c: takes the request from where the struct points to, and puts the
  /// response there, with its length, if there is room for it.
  private static final class FakeModule implements KernelDevice {
    private static final int EINVAL = 22;

    final List<Bytes> requests = new ArrayList<>();
    Bytes response;
    long saysLength = -1;
    int fails;

    FakeModule(Bytes response) {
      this.response = response;
    }

    @Override
    @SuppressWarnings("restricted") // reads through pointers, as the kernel does
    public void call(long request, MemorySegment raw) throws IOException {
      if (fails-- > 0) {
        throw new IOException("errno 16");
      }
      if (request != 0xc020_0a00L || raw.byteSize() != 32) {
        throw new IOException("errno " + EINVAL);
      }
      var sent = MemorySegment.ofAddress(word(raw, 0)).reinterpret(word(raw, 1));
      requests.add(Bytes.of(sent.toArray(ValueLayout.JAVA_BYTE)));
      long room = word(raw, 3);
      assertThat(room).isEqualTo(0x3000);
      int size = (int) Math.min(room, response.size());
      var received = MemorySegment.ofAddress(word(raw, 2)).reinterpret(room);
      MemorySegment.copy(response.toArray(), 0, received, ValueLayout.JAVA_BYTE, 0, size);
      raw.set(ValueLayout.JAVA_LONG, 24, saysLength < 0 ? size : saysLength);
    }

    private static long word(MemorySegment raw, int index) {
      return raw.get(ValueLayout.JAVA_LONG, 8L * index);
    }
  }

  /// `{"Attestation": {"document": h'…'}}`
  private static Bytes answer(Bytes document) {
    return Bytes.concat(
        Bytes.hex("a16b4174746573746174696f6ea168646f63756d656e74"),
        document.size() < 256
            ? Bytes.of(new byte[] {0x58, (byte) document.size()})
            : Bytes.of(new byte[] {0x59, (byte) (document.size() >> 8), (byte) document.size()}),
        document);
  }

  private static Bytes filled(int size) {
    byte[] bytes = new byte[size];
    java.util.Arrays.fill(bytes, (byte) 0x84);
    return Bytes.of(bytes);
  }

  private static NitroModule source(KernelDevice device) {
    return new NitroModule(device, new Attempts(3, Duration.ZERO));
  }

  @Test
  void theRequestHasTheBindingAsUserDataAndTheDocumentIsTheEvidence() throws Exception {
    for (int size : new int[] {24, 255, 256, 4500, 12_200}) {
      var module = new FakeModule(answer(filled(size)));
      var evidence = source(module).evidence(BINDING);
      assertThat(evidence.tee()).isEqualTo(Tee.NITRO);
      assertThat(evidence.report()).isEqualTo(filled(size));
      // {"Attestation": {"user_data": h'…64…', "nonce": null, "public_key": null}}
      assertThat(module.requests)
          .containsExactly(
              Bytes.hex(
                  "a16b4174746573746174696f6ea369757365725f64617461"
                      + "5840"
                      + BINDING.reportData().hex()
                      + "656e6f6e6365f66a7075626c69635f6b6579f6"));
    }
  }

  @Test
  void aModuleThatIsBusyIsAskedAgain() throws Exception {
    var module = new FakeModule(answer(filled(100)));
    module.fails = 2;
    assertThat(source(module).evidence(BINDING).report()).isEqualTo(filled(100));
    module.fails = 3;
    assertThatThrownBy(() -> source(module).evidence(BINDING))
        .isInstanceOf(PlatformException.class)
        .hasRootCauseMessage("errno 16");
  }

  @Test
  void everythingButADocumentIsRefused() {
    Bytes good = answer(filled(300));
    for (Bytes bad :
        new Bytes[] {
          // {"Error": "InvalidArgument"}
          Bytes.hex("a1654572726f726f496e76616c6964417267756d656e74"),
          good.slice(0, 10),
          good.slice(0, 24),
          good.slice(0, good.size() - 1),
          Bytes.concat(good, Bytes.of(new byte[1])),
          // A length in two bytes that one has room for.
          Bytes.concat(answer(filled(100)).slice(0, 23), Bytes.hex("590064"), filled(100)),
          // An indefinite length, and a text.
          Bytes.concat(good.slice(0, 23), Bytes.hex("5f"), filled(300)),
          Bytes.concat(good.slice(0, 23), Bytes.hex("79012c"), filled(300)),
          // Cut by the driver.
          answer(filled(0x3000))
        }) {
      assertThatThrownBy(() -> source(new FakeModule(bad)).evidence(BINDING))
          .as(bad.toString())
          .isInstanceOf(PlatformException.class);
    }
  }

  @Test
  void aLengthBeyondTheBufferIsNotRead() {
    for (long length : new long[] {0, 0x3001, Long.MAX_VALUE}) {
      var module = new FakeModule(answer(filled(100)));
      module.saysLength = length;
      assertThatThrownBy(() -> source(module).evidence(BINDING))
          .isInstanceOf(PlatformException.class)
          .hasRootCauseInstanceOf(IOException.class);
    }
  }
}
