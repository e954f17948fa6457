import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.ConstantPoolSharingOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/// Rewrites the jars of a folder whose classes the JVM would not keep in its cache:
/// `java tools/Cacheable.java FOLDER`. The cache (JEP 483) takes no class of a signed jar, and none
/// of a Java before 6. So a signature is verified here, once, and left away: at every start it cost
/// a tenth of a second and said nothing, since who can write these jars can do the same. And the
/// classes of Java 5 get the stack maps that Java 6 wants, and not one other instruction.
///
/// The result depends on the jar alone, not on a machine's compressor or clock: it is measured.
void main(String[] folders) throws IOException {
  try (var jars = Files.newDirectoryStream(Path.of(folders[0]), "*.jar")) {
    for (Path jar : jars) {
      var content = content(jar);
      var cacheable = cacheable(jar, content);
      if (!cacheable.equals(content)) {
        Files.write(jar, packed(cacheable));
      }
    }
  }
}

/// Reading an entry to its end verifies it.
Map<String, byte[]> content(Path jar) throws IOException {
  var content = new LinkedHashMap<String, byte[]>();
  try (var file = new JarFile(jar.toFile(), true)) {
    for (var entry : file.stream().toList()) {
      content.put(entry.getName(), file.getInputStream(entry).readAllBytes());
    }
  }
  return content;
}

/// What needs no change is the same array.
Map<String, byte[]> cacheable(Path jar, Map<String, byte[]> content) throws IOException {
  var cacheable = new LinkedHashMap<>(content);
  if (cacheable.keySet().removeIf(name -> name.matches("META-INF/[^/]+\\.(SF|RSA|DSA|EC)"))) {
    cacheable.computeIfPresent(JarFile.MANIFEST_NAME, (_, manifest) -> withoutDigests(manifest));
  }
  try (var classes = new URLClassLoader(new URL[] {jar.toUri().toURL()})) {
    var upgrade =
        ClassFile.of(
            ConstantPoolSharingOption.NEW_POOL,
            ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(classes)
                    .orElse(ClassHierarchyResolver.defaultResolver())));
    cacheable.replaceAll(
        (name, bytes) ->
            name.endsWith(".class") && majorVersion(bytes) < ClassFile.JAVA_6_VERSION
                ? upgrade.transformClass(upgrade.parse(bytes), TO_JAVA_6)
                : bytes);
  }
  return cacheable;
}

static final ClassTransform TO_JAVA_6 =
    ClassTransform.transformingMethodBodies((code, element) -> code.with(element))
        .andThen((type, element) -> {
          if (element instanceof ClassFileVersion) {
            type.withVersion(ClassFile.JAVA_6_VERSION, 0);
          } else {
            type.with(element);
          }
        });

int majorVersion(byte[] type) {
  return (type[6] & 0xff) << 8 | type[7] & 0xff;
}

byte[] withoutDigests(byte[] manifest) {
  try {
    var read = new Manifest(new ByteArrayInputStream(manifest));
    read.getEntries().clear();
    var written = new ByteArrayOutputStream();
    read.write(written);
    return written.toByteArray();
  } catch (IOException e) {
    throw new java.io.UncheckedIOException(e);
  }
}

byte[] packed(Map<String, byte[]> content) throws IOException {
  var bytes = new ByteArrayOutputStream();
  try (var jar = new ZipOutputStream(bytes)) {
    jar.setMethod(ZipOutputStream.STORED);
    for (var each : content.entrySet()) {
      var checksum = new CRC32();
      checksum.update(each.getValue());
      var entry = new ZipEntry(each.getKey());
      entry.setTimeLocal(LocalDateTime.of(1980, 1, 1, 0, 0));
      entry.setSize(each.getValue().length);
      entry.setCrc(checksum.getValue());
      jar.putNextEntry(entry);
      jar.write(each.getValue());
    }
  }
  return bytes.toByteArray();
}
