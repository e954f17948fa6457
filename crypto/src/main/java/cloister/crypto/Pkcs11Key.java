package cloister.crypto;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidParameterException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.ProviderException;
import java.security.PublicKey;
import java.security.Security;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.Optional;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;

/// An ECDSA P-384 key in an HSM, reached through PKCS#11 (OASIS PKCS #11 v2.40) and the JDK's
/// provider. The private key is made in the token, marked sensitive and not extractable, and never
/// leaves it. Safe for use by several threads.
public final class Pkcs11Key implements IssuingKey {
  private final Provider token;
  private final PrivateKey privateKey;
  private final PublicKey publicKey;

  private Pkcs11Key(Provider token, PrivateKey privateKey, PublicKey publicKey) {
    this.token = token;
    this.privateKey = privateKey;
    this.publicKey = publicKey;
  }

  /// A slot of the HSM whose PKCS#11 library is at that path, as the vendor's tool lists it.
  public record Slot(Path library, long id) {
    public Slot {
      // These would end the line in the provider's configuration and start another setting.
      if (library.toString().chars().anyMatch(c -> c < ' ' || c == '"' || c == '$')) {
        throw new IllegalArgumentException("the PKCS#11 library's path has unusual characters");
      }
    }
  }

  /// A token that is logged in to, for as long as this process lives: the PIN is needed once, and
  /// not kept. Safe for use by several threads.
  public static final class Token {
    private final Provider provider;
    private final KeyStore keys;

    private Token(Provider provider, KeyStore keys) {
      this.provider = provider;
      this.keys = keys;
    }

    /// @param pin the caller may close it when this has returned
    /// @throws CryptoException if the library, the slot or the PIN is wrong
    public static Token open(Slot slot, Secret pin) throws CryptoException {
      char[] pinCharacters = characters(pin);
      try {
        Provider provider = provider(slot);
        KeyStore keys = KeyStore.getInstance("PKCS11", provider);
        keys.load(null, pinCharacters);
        return new Token(provider, keys);
      } catch (IOException
          | GeneralSecurityException
          | ProviderException
          | InvalidParameterException e) {
        throw unusable(e);
      } finally {
        Arrays.fill(pinCharacters, '\0');
      }
    }

    /// The key of that label in the token; made there if there is none.
    ///
    /// @throws CryptoException if the token refuses, or holds something else of that label
    public synchronized Pkcs11Key openOrCreate(String label) throws CryptoException {
      try {
        if (!keys.containsAlias(label)) {
          create(provider, keys, label);
        }
        return existing(provider, keys, label);
      } catch (CryptoException refused) {
        throw refused;
      } catch (IOException | GeneralSecurityException | ProviderException e) {
        throw unusable(e);
      }
    }

    private static CryptoException unusable(Exception cause) {
      return new CryptoException(
          "the PKCS#11 token cannot be used: check the library, the slot and the PIN", cause);
    }
  }

  @Override
  public IssuingAlgorithm algorithm() {
    return IssuingAlgorithm.ECDSA_P384_SHA384;
  }

  @Override
  public Bytes spki() {
    return Bytes.owning(publicKey.getEncoded());
  }

  /// @throws IllegalStateException if the token does not sign, as when it was pulled out
  @Override
  public Bytes sign(byte[] message) {
    try {
      return Bytes.owning(sign(token, privateKey, message));
    } catch (GeneralSecurityException | ProviderException e) {
      throw new IllegalStateException("the PKCS#11 token does not sign", e);
    }
  }

  /// What the token gives out of the private key: nothing, if it keeps its word.
  Optional<Secret> exportedPrivateKey() {
    return Optional.ofNullable(privateKey.getEncoded()).map(Secret::owning);
  }

  @Override
  public String toString() {
    return "Pkcs11Key of " + Digest.of(spki());
  }

  private static Provider provider(Slot slot) {
    // A leading -- makes the rest the configuration itself instead of a file's name.
    String configuration =
        """
        --name = cloister-%d
        library = "%s"
        slot = %d
        attributes(generate, CKO_PRIVATE_KEY, CKK_EC) = {
          CKA_TOKEN = true
          CKA_PRIVATE = true
          CKA_SENSITIVE = true
          CKA_EXTRACTABLE = false
          CKA_SIGN = true
        }
        attributes(generate, CKO_PUBLIC_KEY, CKK_EC) = {
          CKA_TOKEN = true
          CKA_VERIFY = true
        }
        """
            .formatted(slot.id(), slot.library(), slot.id());
    return Security.getProvider("SunPKCS11").configure(configuration);
  }

  private static Pkcs11Key existing(Provider token, KeyStore keys, String label)
      throws GeneralSecurityException {
    // The token itself keeps the key: no password beside the PIN.
    var key = keys.getKey(label, null);
    var certificate = keys.getCertificate(label);
    if (!(key instanceof PrivateKey privateKey) || certificate == null) {
      throw new CryptoException("the token has no private key with a certificate of that label");
    }
    // The token's public key as plain bytes, independent of the session.
    var spki = SubjectPublicKeyInfo.getInstance(certificate.getPublicKey().getEncoded());
    if (!CertificateFormat.isP384(spki)) {
      throw new CryptoException("the token's key of that label is not on P-384");
    }
    return new Pkcs11Key(token, privateKey, certificate.getPublicKey());
  }

  /// The JDK's key store finds a private key only beside a certificate, so one is stored with it.
  /// It carries the public key and is trusted by nobody.
  private static void create(Provider token, KeyStore keys, String label)
      throws GeneralSecurityException, IOException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", token);
    generator.initialize(new ECGenParameterSpec("secp384r1"));
    KeyPair pair = generator.generateKeyPair();
    keys.setKeyEntry(label, pair.getPrivate(), null, new X509Certificate[] {carrier(token, pair)});
  }

  private static X509Certificate carrier(Provider token, KeyPair pair)
      throws GeneralSecurityException, IOException {
    var subject = CertificateFormat.subject("carrier");
    var key = new Pkcs11Key(token, pair.getPrivate(), pair.getPublic());
    byte[] der =
        new X509v3CertificateBuilder(
                subject,
                BigInteger.ONE,
                Date.from(Instant.EPOCH),
                Date.from(Instant.parse("9999-12-31T23:59:59Z")), // RFC 5280 §4.1.2.5: no end.
                subject,
                SubjectPublicKeyInfo.getInstance(pair.getPublic().getEncoded()))
            .build(CertificateFormat.signer(key))
            .getEncoded();
    return (X509Certificate)
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
  }

  private static byte[] sign(Provider token, PrivateKey key, byte[] message)
      throws GeneralSecurityException {
    Signature signature =
        Signature.getInstance(IssuingAlgorithm.ECDSA_P384_SHA384.jcaName(), token);
    signature.initSign(key);
    signature.update(message);
    return signature.sign();
  }

  private static char[] characters(Secret pin) {
    CharBuffer decoded = StandardCharsets.UTF_8.decode(ByteBuffer.wrap(pin.view()));
    char[] characters = new char[decoded.remaining()];
    decoded.get(characters);
    Arrays.fill(decoded.array(), '\0');
    return characters;
  }
}
